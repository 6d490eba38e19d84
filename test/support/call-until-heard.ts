import { setTimeout as delay } from 'node:timers/promises';
import type { CallReport } from '../../local/emulators/acs/control/call-report.ts';
import { isDisconnected } from '../../local/run/client/follow-call.ts';
import { type CallToMake, makeCall } from '../../local/run/client/make-call.ts';
import type { CallEvidence } from '../../local/run/client/report.ts';
import type { CalledSystem } from './system.ts';

/** A caller who waits in vain for so long is judged by what he has heard. */
const PATIENCE_MS = 90_000;
const LISTEN_EVERY_MS = 500;

/**
 * A call whose caller says something, and hangs up as soon as he has heard enough, however long the machine holds that
 * up.
 * @param isEnough looks at everything heard so far
 */
export async function callUntilHeard(
  { system, telephone }: CalledSystem,
  call: Omit<CallToMake, 'tailMs'>,
  isEnough: (heard: Int16Array) => boolean | Promise<boolean>,
): Promise<CallEvidence> {
  let id: string | undefined;
  let isEnded = false;
  const onLook = (look: CallReport): void => {
    id = look.id;
    isEnded = isDisconnected(look);
  };
  const calling = makeCall(system, { ...call, tailMs: 2 * PATIENCE_MS }, { onLook });
  const giveUpAtMs = performance.now() + PATIENCE_MS;
  const listen = async (): Promise<void> => {
    for (; !isEnded && performance.now() < giveUpAtMs; await delay(LISTEN_EVERY_MS)) {
      if (id === undefined) continue;
      const { samples } = await telephone.recording(id, 'heard');
      if (await isEnough(samples)) break;
    }
    if (id !== undefined && !isEnded) await telephone.hangUp(id);
  };
  const [evidence] = await Promise.all([calling, listen()]);
  return evidence;
}
