/** Makes one call on a system and gathers everything that there is to know of it. */
import { setTimeout as delay } from 'node:timers/promises';
import type { CallReport as TelephoneReport } from '../acs/control/call-report.ts';
import type { Audio } from '../phone/wav.ts';
import { ControlApi, type ProductCall } from './control-api.ts';
import type { CallEvidence } from './report.ts';
import type { RunningSystem } from './stack-file.ts';
import { Telephone } from './telephone.ts';

export interface CallToMake {
  readonly from: string;
  readonly to: string;
  readonly speech: Audio;
  readonly tailMs: number;
}

/** A call may last this much longer than what is said in it: ringing, round trip, and listening to the worker. */
const CALL_SLACK_MS = 120_000;

const FIND_ATTEMPTS = 20;
const FIND_INTERVAL_MS = 100;

/** Resolves once the call has ended. `onLook` sees it four times a second. */
export async function makeCall(
  system: RunningSystem,
  call: CallToMake,
  onLook: (call: TelephoneReport) => void = () => {},
): Promise<CallEvidence> {
  const telephone = new Telephone(system);
  const control = new ControlApi(system);
  const speechMs = Math.ceil((call.speech.samples.length / call.speech.sampleRateHz) * 1_000);
  const limitMs = speechMs + call.tailMs + CALL_SLACK_MS;
  const id = await telephone.place({ ...call, maxMs: limitMs });
  const answered = await telephone.waitFor(id, 'the answer', isAnsweredOrOver, limitMs, onLook);
  // The control app lists live calls only, so its name of the call is asked for while the call lasts.
  const product = await findProductCall(control, answered.callConnectionId);
  const ended = await telephone.waitFor(id, 'the end of the call', isOver, limitMs, onLook);
  const [said, heard] = await Promise.all([
    telephone.recording(id, 'said'),
    telephone.recording(id, 'heard'),
  ]);
  return {
    telephone: ended,
    product: product && (await endedProductCall(control, product.callId)),
    relay:
      ended.callConnectionId === undefined ? undefined : await control.relayCounts(ended.callConnectionId),
    said,
    heard,
  };
}

/** The connection id reaches the control app a moment after the answer; a call that it does not list by then is not its own. */
async function findProductCall(
  control: ControlApi,
  id: string | undefined,
): Promise<ProductCall | undefined> {
  if (id === undefined) return undefined;
  for (let attempt = 0; attempt < FIND_ATTEMPTS; attempt++) {
    const found = await control.findLive(id);
    if (found !== undefined) return found;
    await delay(FIND_INTERVAL_MS);
  }
  return undefined;
}

/** The last callback reaches the control app a moment after the call's end. */
async function endedProductCall(control: ControlApi, callId: string): Promise<ProductCall | undefined> {
  let call = await control.call(callId);
  for (let attempt = 1; attempt < FIND_ATTEMPTS && call?.state !== 'ended'; attempt++) {
    await delay(FIND_INTERVAL_MS);
    call = await control.call(callId);
  }
  return call;
}

function isOver({ state }: TelephoneReport): boolean {
  return state === 'disconnected';
}

function isAnsweredOrOver(call: TelephoneReport): boolean {
  return call.state === 'connected' || isOver(call);
}
