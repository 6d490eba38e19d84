import type { CallReport } from '../../local/acs/control/call-report.ts';
import { isOver } from '../../local/client/follow-call.ts';
import { ScriptClient } from '../../local/client/script-client.ts';
import type { Step } from '../../local/phone/step.ts';
import type { Audio } from '../../local/phone/wav.ts';
import type { CalledSystem } from './system.ts';

const MAX_MS = 60_000;
const LIMIT_MS = 2 * MAX_MS;

/** A call whose caller does one thing after another, some of them once something is heard. Resolves with the call after its end, and what was heard. */
export async function scriptedCall(
  { system, telephone }: CalledSystem,
  from: string,
  to: string,
  steps: readonly Step[],
): Promise<{ readonly call: CallReport; readonly heard: Audio }> {
  const scripts = new ScriptClient(system);
  const id = await scripts.place({ from, to, steps, maxMs: MAX_MS, deliveries: 1 });
  const call = await telephone.waitFor(id, 'the end of the call', isOver, LIMIT_MS);
  return { call, heard: await scripts.recording(id, 'heard') };
}
