import { originOf } from '../../../shared/base/errors.ts';
import { AcsCallError } from '../call/acs-port.ts';
import { step } from '../call/call.ts';
import type { CallEvent } from '../call/event.ts';
import type { Call, CallStep } from '../call/model.ts';
import { CallStoreError } from '../call/stores.ts';
import { COMPARE_AFTER_MS, CONFIRM_END_WITHIN_MS, isDueForComparison } from '../call/time.ts';
import type { ControlDeps, Log } from './deps.ts';
import { enterCorrection } from './enter-correction.ts';

/** Calls read at a time. */
const PAGE = 500;

/** Calls swept at the same time. Most cost nothing, one in five a request to ACS. */
const AT_A_TIME = 16;

/** Calls that ended by an event and about whose end one sweep asks. The next sweep goes on with the others. */
const MAX_CONFIRMED = 500;

/**
 * A sweep begins with no further call that goes on after this long, nor with one that has ended after as long again: it
 * ends before the host would end it, and every other invocation with it (`functionTimeout`).
 */
const SWEEP_LIMIT_MS = 50_000;

interface Swept {
  readonly looked: number;
  /** Calls that ACS was asked about. */
  readonly compared: number;
  readonly changed: number;
  readonly failed: number;
}

/**
 * Ends calls that never connected, lasted too long, or ended unreported; makes overdue retries; and makes our calls
 * agree with ACS: calls unknown to ACS have ended, calls that ACS has connected are connected, also if an event has
 * said that they ended.
 */
export async function sweepCalls(deps: ControlDeps, log: Log): Promise<Swept> {
  const startedAtMs = deps.clock.now();
  let swept: Swept = { looked: 0, compared: 0, changed: 0, failed: 0 };
  let after: string | undefined;
  let listed = 0;
  do {
    const page = await deps.store.list({ limit: PAGE, ...(after === undefined ? {} : { after }) });
    swept = await sweepPage(deps, page.calls, swept, startedAtMs, log);
    after = page.next;
    listed += page.calls.length;
  } while (after !== undefined && isInTime(deps, startedAtMs));
  if (after !== undefined || swept.looked < listed)
    log.warn('The sweep ran out of time before it had seen all calls', { looked: swept.looked });
  const ended = await deps.store.listUnconfirmed({
    endedFromMs: startedAtMs - CONFIRM_END_WITHIN_MS,
    endedToMs: startedAtMs - COMPARE_AFTER_MS,
    limit: MAX_CONFIRMED,
  });
  return await sweepPage(deps, ended, swept, deps.clock.now(), log);
}

function isInTime({ clock }: Pick<ControlDeps, 'clock'>, startedAtMs: number): boolean {
  return clock.now() - startedAtMs < SWEEP_LIMIT_MS;
}

async function sweepPage(
  deps: ControlDeps,
  calls: readonly Call[],
  before: Swept,
  startedAtMs: number,
  log: Log,
): Promise<Swept> {
  let { looked, compared, changed, failed } = before;
  const waiting = calls.values();
  const sweepInTurn = async (): Promise<void> => {
    for (;;) {
      const { value: call } = isInTime(deps, startedAtMs) ? waiting.next() : {};
      if (call === undefined) return;
      looked += 1;
      try {
        const { asked, changes } = await sweepCall(deps, call, log);
        if (asked) compared += 1;
        if (changes) changed += 1;
      } catch (error) {
        // A call that cannot be swept does not block the others. The next sweep comes back to it.
        failed += 1;
        log.error('The sweep failed for a call', { callId: call.callId, why: whyOf(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, sweepInTurn));
  return { looked, compared, changed, failed };
}

async function sweepCall(
  deps: ControlDeps,
  listed: Call,
  log: Log,
): Promise<{ asked: boolean; changes: boolean }> {
  const nowMs = deps.clock.now();
  let call = listed;
  let changes = false;
  const apply = async (event: CallEvent, type: 'Swept' | 'Compared'): Promise<void> => {
    // Most calls need no change, and cost no more than being listed.
    if (step(call, event, deps.clock.now()).call === call) return;
    const before = call;
    const swept = await sweep(deps, call.callId, event, type, log);
    if (swept === undefined) return;
    call = swept.call;
    changes ||= corrects(before, swept.call);
  };
  await apply({ type: 'Tick' }, 'Swept');
  const asked = isDueForComparison(call, nowMs);
  if (asked && call.callConnectionId !== undefined) {
    const askedAtMs = deps.clock.now();
    const properties = await deps.acs.properties(call.callConnectionId);
    await apply(
      properties === undefined ? { type: 'CallGone' } : { type: 'Observed', properties, askedAtMs },
      'Compared',
    );
  }
  return { asked, changes };
}

async function sweep(
  deps: ControlDeps,
  callId: string,
  event: CallEvent,
  type: 'Swept' | 'Compared',
  log: Log,
): Promise<CallStep | undefined> {
  const nowMs = deps.clock.now();
  let isChanged = false;
  const swept = await deps.store.update(callId, (now) => {
    const made = step(now, event, nowMs);
    isChanged = corrects(now, made.call);
    return made;
  });
  if (swept === undefined || !isChanged) return swept;
  await enterCorrection(deps, swept, { type, atMs: nowMs, by: 'the sweep' }, log);
  return swept;
}

/** Whether something was wrong. An end that is confirmed was right. */
function corrects(before: Call, after: Call): boolean {
  return after !== before && !(before.phase === 'ended' && after.phase === 'ended');
}

/** The messages of our own errors name neither rows nor numbers. */
function whyOf(error: unknown): string {
  const isOurs = error instanceof CallStoreError || error instanceof AcsCallError;
  return isOurs ? error.message : originOf(error);
}
