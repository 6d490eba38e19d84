import { step } from '../call/call.ts';
import type { Callback, Recognized } from '../call/event.ts';
import { type CallStep, timeOf } from '../call/model.ts';
import type { ControlDeps, Log } from './deps.ts';
import { runCommands } from './run-commands.ts';

/**
 * Applies callback events to a call and writes them to its timeline, each once. Then carries out the commands that
 * follow from them.
 * @returns false if there is no such call
 */
export async function applyCallbacks(
  deps: ControlDeps,
  callId: string,
  callbacks: readonly Callback[],
  log: Log,
): Promise<boolean> {
  const steps: CallStep[] = [];
  for (const callback of callbacks) {
    const nowMs = deps.clock.now();
    const applied = await deps.store.update(callId, (call) =>
      step(call, { type: 'Callback', callback }, nowMs),
    );
    if (applied === undefined) return false;
    // An event without a possible time counts as happening now. If it has no effect and may come again and again, it
    // counts as happening when the call came in, so that it is entered once.
    const atMs =
      timeOf(callback, nowMs) ?? (applied.ignored === undefined ? nowMs : applied.call.receivedAtMs);
    // If we replaced the event's timestamp, the entry of the first delivery could not be found again.
    if (applied.ignored !== 'duplicate' || atMs === callback.atMs)
      await deps.store.appendTimeline(callId, {
        id: callback.id,
        atMs,
        source: 'acs',
        type: callback.type,
        details: {
          ...callback.details,
          ...(applied.ignored === undefined || applied.ignored === 'duplicate'
            ? {}
            : { ignored: applied.ignored }),
        },
      });
    log.info('Applied a callback event', {
      callId,
      type: callback.type,
      state: applied.call.phase,
      streaming: applied.call.streaming.state,
      ignored: applied.ignored,
    });
    steps.push(applied);
    if (applied.ignored === undefined) await passOn(deps, callId, callback, log);
  }
  for (const applied of steps) await runCommands(deps, applied, log);
  return true;
}

/** What people said or typed goes to the workers of the call and nowhere else. */
async function passOn(
  deps: ControlDeps,
  callId: string,
  { recognized, operationId }: Callback,
  log: Log,
): Promise<void> {
  if (recognized === undefined || operationId === undefined || deps.sendToWorkers === undefined) return;
  try {
    await deps.sendToWorkers(callId, { type: 'recognized', operationId, ...plain(recognized) });
  } catch {
    // The error of the publisher may contain the message.
    log.error('Web PubSub did not accept recognized input for the workers of a call', {
      callId,
      operationId,
    });
  }
}

/** As plain JSON. */
function plain(recognized: Recognized): Record<string, string | number | string[]> {
  switch (recognized.kind) {
    case 'dtmf':
      return { kind: 'dtmf', tones: [...recognized.tones] };
    case 'speech':
      return { ...recognized };
  }
}
