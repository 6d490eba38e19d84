/** Makes one call on a system and gathers everything that there is to know of it. */

import type { Audio } from '../../../shared/audio/wav.ts';
import { askRepeatedly } from './ask-repeatedly.ts';
import { ControlApi } from './control-api.ts';
import type { RelayCounts } from './counts-of-call.ts';
import { type FollowedCall, type FollowOptions, followCall } from './follow-call.ts';
import type { CallEvidence } from './report.ts';
import type { RunningSystem } from './running-system.ts';
import { Telephone } from './telephone.ts';

export interface CallToMake {
  readonly from: string;
  readonly to: string;
  readonly speech: Audio;
  readonly tailMs: number;
}

/** A call may last this much longer than what is said in it: ringing, round trip, and listening to the worker. */
const CALL_SLACK_MS = 120_000;
/** The relay gives workers some seconds to be told of the end. */
const END_ATTEMPTS = 50;

/** Resolves once the call has ended. */
export async function makeCall(
  system: RunningSystem,
  call: CallToMake,
  watching: Pick<FollowOptions, 'onLook' | 'onFound'> = {},
): Promise<CallEvidence> {
  const telephone = new Telephone(system);
  const speechMs = Math.ceil((call.speech.samples.length / call.speech.sampleRateHz) * 1_000);
  const limitMs = speechMs + call.tailMs + CALL_SLACK_MS;
  const id = await telephone.place({ ...call, maxMs: limitMs });
  const followed = await followCall(system, id, { limitMs, ...watching });
  const [said, heard] = await Promise.all([
    telephone.recording(id, 'said'),
    telephone.recording(id, 'heard'),
  ]);
  const relay = await relayCountsOf(system, followed);
  const product =
    followed.product && (await new ControlApi(system).callWithTexts(followed.product.callId, relay));
  return { ...followed, product, relay, said, heard };
}

/** What the relay counted of a call that has ended, or so far while it still reports the end to workers. */
export async function relayCountsOf(
  system: RunningSystem,
  { telephone: { callConnectionId } }: FollowedCall,
): Promise<RelayCounts | undefined> {
  if (callConnectionId === undefined) return undefined;
  const control = new ControlApi(system);
  return await askRepeatedly(
    END_ATTEMPTS,
    () => control.relayCounts(callConnectionId),
    (counts) => counts === undefined || counts.state === 'ended',
  );
}
