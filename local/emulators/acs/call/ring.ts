import { type Refusal, refusals } from '../http/refusal.ts';

/**
 * A call that rings. Its `incomingCallContext` can be used once, and only while it rings.
 *
 * ```
 * ringing ──answer──▶ answered
 *    ├────reject────▶ rejected
 *    ├────redirect──▶ redirected
 *    ├────ring time over──▶ notAnswered
 *    └────caller hangs up─▶ abandoned
 * ```
 * Answering or rejecting what was redirected is no error, as documented for the service, and changes nothing.
 */
export type RingState = 'ringing' | 'answered' | 'rejected' | 'redirected' | 'notAnswered' | 'abandoned';

export type RingInput = 'answer' | 'reject' | 'redirect' | 'ringTimeOver' | 'callerHangsUp';

type RingStep =
  | { readonly state: RingState; readonly refusal?: undefined }
  | { readonly state: RingState; readonly refusal: Refusal };

export function stepRing(state: RingState, input: RingInput): RingStep {
  switch (input) {
    case 'answer':
      return use(state, 'answered');
    case 'reject':
      return use(state, 'rejected');
    case 'redirect':
      return use(state, 'redirected');
    case 'ringTimeOver':
      return { state: state === 'ringing' ? 'notAnswered' : state };
    case 'callerHangsUp':
      return { state: state === 'ringing' ? 'abandoned' : state };
  }
}

function use(state: RingState, next: 'answered' | 'rejected' | 'redirected'): RingStep {
  switch (state) {
    case 'ringing':
      return { state: next };
    case 'redirected':
      if (next !== 'redirected') return { state };
      return { state, refusal: usedAlready(state) };
    case 'answered':
    case 'rejected':
      return { state, refusal: usedAlready(state) };
    case 'notAnswered':
    case 'abandoned':
      return { state, refusal: refusals.callNotFound() };
  }
}

function usedAlready(state: RingState): Refusal {
  return refusals.invalidArgument(`The incomingCallContext has been used already, the call was ${state}.`);
}
