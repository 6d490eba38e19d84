import type { Participant } from '../../../shared/call/operation.ts';
import { AcsCallError } from '../call/acs-port.ts';
import { step } from '../call/call.ts';
import type { ControlDeps } from './deps.ts';
import type { RequestFailure } from './request-call-action.ts';

type ParticipantsOutcome =
  | { readonly kind: 'participants'; readonly participants: readonly Participant[] }
  | RequestFailure;

/** The participants of a call, as ACS lists them now. Their numbers are not stored. */
export async function listParticipants(deps: ControlDeps, callId: string): Promise<ParticipantsOutcome> {
  const call = await deps.store.get(callId);
  if (call === undefined) return { kind: 'unknown call' };
  if (call.phase === 'ended') return { kind: 'refused', refusal: 'call-ended', call };
  if (call.phase !== 'connected' || call.callConnectionId === undefined)
    return { kind: 'refused', refusal: 'call-not-connected', call };
  try {
    return { kind: 'participants', participants: await deps.acs.participants(call.callConnectionId) };
  } catch (error) {
    if (!(error instanceof AcsCallError)) throw error;
    if (!error.callGone) return { kind: 'failed', error };
    const nowMs = deps.clock.now();
    const gone = await deps.store.update(callId, (now) => step(now, { type: 'CallGone' }, nowMs));
    return { kind: 'refused', refusal: 'call-ended', call: gone?.call ?? call };
  }
}
