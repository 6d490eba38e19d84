import type { Limits } from './limits.ts';

/** What a resource is bought as: the Free tier, or a number of units. */
export type ServiceTier = { readonly name: 'free' } | { readonly name: 'standard'; readonly units: number };

/** The numbers of units there are (https://learn.microsoft.com/azure/azure-web-pubsub/concept-billing-model). */
const UNIT_COUNTS: readonly number[] = Object.freeze([1, 2, 5, 10, 20, 50, 100]);

/** Connections at the same time for each unit (billing model). */
const CONNECTIONS_PER_UNIT = 1_000;

/** Connections at the same time in the Free tier (Azure pricing, Web PubSub). */
const FREE_CONNECTIONS = 20;

/**
 * Reads `free`, or `standard` with its units after a colon (`standard:5`), one if there are none.
 * @throws Error that names the rule
 */
export function parseTier(text: string): ServiceTier {
  if (text === 'free') return { name: 'free' };
  const [name, units = '1', ...rest] = text.split(':');
  if (name === 'standard' && rest.length === 0 && UNIT_COUNTS.includes(Number(units)))
    return { name, units: Number(units) };
  throw new Error(`a tier is free or standard:{units} with units ${UNIT_COUNTS.join(', ')}, not '${text}'`);
}

/** The bounds that depend on the tier. */
export function limitsOfTier(tier: ServiceTier): Pick<Limits, 'connections'> {
  return { connections: tier.name === 'free' ? FREE_CONNECTIONS : tier.units * CONNECTIONS_PER_UNIT };
}
