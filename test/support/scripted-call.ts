import { setTimeout as delay } from 'node:timers/promises';
import type { Step } from '../../local/phone/step.ts';
import type { RelayCounts } from '../../local/run/client/counts-of-call.ts';
import { followCall } from '../../local/run/client/follow-call.ts';
import { relayCountsOf } from '../../local/run/client/make-call.ts';
import type { CallEvidence } from '../../local/run/client/report.ts';
import { ScriptClient } from '../../local/run/client/script-client.ts';
import type { CalledSystem } from './system.ts';

const MAX_MS = 120_000;
const LIMIT_MS = 2 * MAX_MS;
/** A caller who waits in vain for so long is judged by what he has heard. */
const PATIENCE_MS = 90_000;
const LISTEN_EVERY_MS = 500;

/**
 * A call whose caller does one thing after another, some of them once something is heard, however long the machine
 * holds that up.
 * @param isEnough looks at everything heard so far and at what the relay counts; the caller hangs up once it says so,
 * if not before
 */
export async function scriptedCall(
  { system, telephone, control }: CalledSystem,
  from: string,
  to: string,
  steps: readonly Step[],
  isEnough: (heard: Int16Array, relay: RelayCounts) => boolean = () => false,
): Promise<CallEvidence> {
  const scripts = new ScriptClient(system);
  const id = await scripts.place({ from, to, steps, maxMs: MAX_MS, deliveries: 1 });
  let isEnded = false;
  const following = followCall(system, id, { limitMs: LIMIT_MS }).finally(() => {
    isEnded = true;
  });
  const listen = async (): Promise<void> => {
    const giveUpAtMs = performance.now() + PATIENCE_MS;
    for (; !isEnded && performance.now() < giveUpAtMs; await delay(LISTEN_EVERY_MS)) {
      const { callConnectionId } = await telephone.call(id);
      const relay = callConnectionId && (await control.relayCounts(callConnectionId));
      if (relay && isEnough((await scripts.recording(id, 'heard')).samples, relay)) break;
    }
    if (!isEnded) await telephone.hangUp(id);
  };
  const [followed] = await Promise.all([following, listen()]);
  const [relay, said, heard] = await Promise.all([
    relayCountsOf(system, followed),
    scripts.recording(id, 'said'),
    scripts.recording(id, 'heard'),
  ]);
  return { ...followed, relay, said, heard };
}
