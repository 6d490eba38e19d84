import { type CallStep, step } from '../call/call.ts';
import { CallStoreError, type TimelineEntry } from '../call/stores.ts';
import type { CallEvent } from '../call/event.ts';
import type { ControlDeps, Log } from './deps.ts';

/**
 * Stores what ACS answered. Where that fails the call goes on regardless: ACS has acted, its callbacks tell the same, and asking again could
 * only act twice.
 * @returns What the answer means for the call; undefined where it could not be stored.
 */
export async function settle(
  deps: Pick<ControlDeps, 'store' | 'clock'>,
  callId: string,
  outcome: CallEvent,
  entry: Pick<TimelineEntry, 'id' | 'details'>,
  log: Log,
): Promise<CallStep | undefined> {
  const nowMs = deps.clock.now();
  try {
    const settled = await deps.store.update(callId, (call) => step(call, outcome, nowMs));
    await deps.store.appendTimeline(callId, {
      ...entry,
      atMs: nowMs,
      source: 'control',
      type: outcome.type,
    });
    return settled;
  } catch (error) {
    if (!(error instanceof CallStoreError)) throw error;
    log.error('What ACS answered could not be stored', { callId, outcome: outcome.type, why: error.message });
    return undefined;
  }
}
