import { PHONE_NUMBER_PATTERN, type RawId, telephoneOf } from '../../../shared/call/party.ts';
import type { HourlyBudget } from '../call/hourly-budget.ts';
import { ProblemError } from '../http/problems.ts';
import type { OutboundBudget } from '../use-cases/outbound-budget.ts';

/** Keeps callers of the HTTP API from spending more than the operator allows. */
export interface OutboundGuard extends OutboundBudget {
  /** @throws ProblemError if the settings do not allow calls to this destination */
  requireAllowed(destination: RawId): void;
}

/** The part of the budget that one call may spend in an hour, rounded up. It bounds a worker that is taken over. */
const CALL_SHARE = 0.1;

interface OutboundGuardOptions {
  readonly allowed: readonly string[];
  readonly callsPerHour: number;
  readonly budget: HourlyBudget;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export function createOutboundGuard({
  allowed,
  callsPerHour,
  budget,
  now,
}: OutboundGuardOptions): OutboundGuard {
  return {
    requireAllowed(destination) {
      if (isAllowed(destination, allowed)) return;
      throw new ProblemError(
        'destination-not-allowed',
        'The setting OUTBOUND_ALLOWED does not list this destination.',
      );
    },
    sharePerHour: Math.max(1, Math.ceil(callsPerHour * CALL_SHARE)),
    async spend() {
      const spent = await budget.spend(callsPerHour, now());
      if (spent.kind === 'spent') return () => budget.giveBack(spent);
      const rule = `The setting OUTBOUND_CALLS_PER_HOUR allows ${callsPerHour} calls in an hour.`;
      throw budgetSpent(rule, spent.retryAfterMs);
    },
  };
}

/** The problem for a budget that is used up. `rule`: the sentence that says how much there is. */
export function budgetSpent(rule: string, retryAfterMs: number): ProblemError {
  const retryAfter = String(Math.ceil(retryAfterMs / 1_000));
  return new ProblemError('outbound-budget-spent', rule, {}, { 'retry-after': retryAfter });
}

/**
 * Whether one of the patterns allows to call somebody. A pattern is a telephone number or raw id, or its beginning
 * followed by `*`. A telephone whose number is not in E.164 form is never allowed.
 */
export function isAllowed(rawId: RawId, patterns: readonly string[]): boolean {
  const telephone = telephoneOf(rawId);
  if (telephone !== undefined && !PHONE_NUMBER_PATTERN.test(telephone)) return false;
  const text = telephone ?? rawId;
  return patterns.some((pattern) =>
    pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern,
  );
}
