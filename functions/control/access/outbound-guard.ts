import { PHONE_NUMBER_PATTERN, type RawId, telephoneOf } from '../../../shared/call/party.ts';
import type { HourlyBudget } from '../call/hourly-budget.ts';
import { ProblemError } from '../http/problems.ts';

/** Keeps callers of the HTTP API from spending more than the operator allows. */
export interface OutboundGuard {
  /** @throws ProblemError if the settings do not allow calls to this destination */
  requireAllowed(destination: RawId): void;
  /**
   * Counts a call that is about to be made.
   * @throws ProblemError if the budget of the hour is spent, CallStoreError if the call cannot be counted
   */
  spend(): Promise<void>;
}

export interface OutboundGuardOptions {
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
    async spend() {
      const waitMs = await budget.spend(callsPerHour, now());
      if (waitMs === 0) return;
      throw new ProblemError(
        'outbound-budget-spent',
        `The setting OUTBOUND_CALLS_PER_HOUR allows ${callsPerHour} calls in an hour.`,
        {},
        { 'retry-after': String(Math.ceil(waitMs / 1_000)) },
      );
    },
  };
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
