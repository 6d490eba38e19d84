import type { PlacingFailure } from '../../../../shared/call/states.ts';

interface ResultCodes {
  readonly code?: number | undefined;
  readonly subCode?: number | undefined;
}

/** Subcodes of Call Automation for a callee who was not reached, as its troubleshooting guide lists them. */
const DECLINED = 8538;
const BUSY = 8539;
const UNAVAILABLE = 8541;

/** SIP statuses (RFC 3261) that a result may carry as its code: ACS passes on what the telephone network said. */
const BUSY_STATUS = new Set([486, 600]);
const DECLINED_STATUS = new Set([603, 607, 608]);
const NO_ANSWER_STATUS = new Set([408]);
const NOT_REACHABLE_STATUS = new Set([404, 410, 480, 484, 604]);

/** Why a call that was placed did not come about, by the codes of its end; undefined where they do not tell. */
export function placingFailureOf({ code, subCode }: ResultCodes = {}): PlacingFailure | undefined {
  if (subCode === DECLINED) return 'declined';
  if (subCode === BUSY) return 'busy';
  if (code !== undefined) {
    if (BUSY_STATUS.has(code)) return 'busy';
    if (DECLINED_STATUS.has(code)) return 'declined';
    if (NO_ANSWER_STATUS.has(code)) return 'no-answer';
    if (NOT_REACHABLE_STATUS.has(code)) return 'not-reachable';
  }
  return subCode === UNAVAILABLE ? 'not-reachable' : undefined;
}
