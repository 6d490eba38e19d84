import { type Party, telephoneOf } from '../../../shared/call/party.ts';
import type { CallRoute, Headers } from '../../../shared/call/route.ts';
import type { CallDirection } from '../../../shared/call/states.ts';
import { isWithin } from '../../../shared/call/time-window.ts';

/** What a route looks at to decide about a call. */
export interface RoutedCall {
  readonly callId: string;
  readonly direction: CallDirection;
  readonly from: Party;
  readonly to: Party;
  readonly sipHeaders: Headers;
  readonly voipHeaders: Headers;
  /** When the call came in, in milliseconds since the epoch. */
  readonly atMs: number;
}

/** Why a route does not match a call, in words that reveal nothing about the call; undefined if it matches. */
export function whyNot({ name, match }: CallRoute, call: RoutedCall): string | undefined {
  const { direction = 'inbound', from, to, sipHeaders = {}, voipHeaders = {}, time, percentage } = match;
  if (direction !== call.direction) return `it is for ${direction} calls`;
  if (!isParty(from, call.from)) return `the caller is not ${from}`;
  if (!isParty(to, call.to)) return `the callee is not ${to}`;
  const missing =
    missingHeader('SIP', sipHeaders, call.sipHeaders) ?? missingHeader('VoIP', voipHeaders, call.voipHeaders);
  if (missing !== undefined) return missing;
  if (time !== undefined && !isWithin(time, call.atMs)) return 'its time window does not cover the call';
  if (percentage !== undefined && percentileOf(call.callId, name) >= percentage)
    return `the call is not among its ${percentage} %`;
  return undefined;
}

/** The matching routes in their order. The first with capacity left decides. */
export function* matchingRoutes(routes: readonly CallRoute[], call: RoutedCall): Generator<CallRoute> {
  for (const route of routes) if (whyNot(route, call) === undefined) yield route;
}

function isParty(pattern: string | undefined, { rawId, phoneNumber }: Party): boolean {
  if (pattern === undefined) return true;
  const names = [rawId];
  if (phoneNumber !== undefined) names.push(phoneNumber);
  const number = telephoneOf(rawId);
  if (number !== undefined) names.push(number);
  return names.some((name) => fits(pattern, name));
}

function missingHeader(kind: string, wanted: Headers, present: Headers): string | undefined {
  for (const [name, pattern] of Object.entries(wanted)) {
    const values = Object.entries(present).filter(([key]) => key.toLowerCase() === name.toLowerCase());
    if (!values.some(([, value]) => fits(pattern, value)))
      return `its ${kind} header ${name} is not ${pattern}`;
  }
  return undefined;
}

function fits(pattern: string, text: string): boolean {
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * Where a call stands among a hundred, from 0 to just below 100: always the same for a call and a route, and
 * independent between routes. FNV-1a with the finalizer of MurmurHash3, since FNV alone spreads its last characters
 * badly.
 */
export function percentileOf(callId: string, route: string): number {
  let hash = FNV_OFFSET;
  for (const char of `${callId}/${route}`) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), FNV_PRIME);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32) * 100;
}
