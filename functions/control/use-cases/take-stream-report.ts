import { AcsCallError } from '../call/acs-port.ts';
import { step } from '../call/call.ts';
import type { CallEvent } from '../call/event.ts';
import type { Call } from '../call/model.ts';
import type { ControlDeps, Log } from './deps.ts';
import { enterCorrection } from './enter-correction.ts';

/** Why streaming has failed, as the API shows it. */
const LOST = 'the stream brought no audio, however often it was started again';

/**
 * Takes the report of a relay that it no longer streams a call. `ended`: if the row says that the call is streamed, ACS
 * is asked once, since its events may be lost. `lost`: the relay has given up a stream that ACS may believe in, so
 * streaming has failed, and ACS is asked to stop it.
 * @returns false if there is no such call
 * @throws CallStoreError
 */
export async function takeStreamReport(
  deps: ControlDeps,
  callId: string,
  report: 'ended' | 'lost',
  log: Log,
): Promise<boolean> {
  const call = await deps.store.get(callId);
  if (call === undefined) return false;
  if (call.phase !== 'connected') return true;
  if (report === 'lost')
    await apply(deps, callId, { type: 'StreamLost', id: deps.newId(), reason: LOST }, log);
  else if (call.streaming.state === 'active') await compare(deps, call, log);
  return true;
}

async function compare(deps: ControlDeps, { callId, callConnectionId }: Call, log: Log): Promise<void> {
  if (callConnectionId === undefined) return;
  const askedAtMs = deps.clock.now();
  try {
    const properties = await deps.acs.properties(callConnectionId);
    const event: CallEvent =
      properties === undefined
        ? { type: 'CallGone' }
        : { type: 'Observed', properties, askedAtMs, hasEnded: true };
    await apply(deps, callId, event, log);
  } catch (error) {
    if (!(error instanceof AcsCallError)) throw error;
    // The sweep asks again.
    log.warn('ACS could not be asked about a stream that has ended', { callId, reason: error.reason });
  }
}

/** Stores what follows, enters it in the timeline, and carries out its commands. */
async function apply(deps: ControlDeps, callId: string, event: CallEvent, log: Log): Promise<void> {
  const nowMs = deps.clock.now();
  let isChanged = false;
  const made = await deps.store.update(callId, (now) => {
    const stepped = step(now, event, nowMs);
    isChanged = stepped.call !== now;
    return stepped;
  });
  if (made === undefined || !isChanged) return;
  await enterCorrection(
    deps,
    made,
    {
      ...('id' in event ? { id: event.id } : {}),
      type: event.type === 'StreamLost' ? 'StreamLost' : 'Compared',
      atMs: nowMs,
      by: 'the report of a relay',
    },
    log,
  );
}
