import { type Refusal, refusals } from '../refusal.ts';

/**
 * A call that rings. Its `incomingCallContext` can be used once, and only while it rings.
 *
 * ```
 * ringing ──answer──▶ answered
 *    ├────reject────▶ rejected
 *    ├────ring time over──▶ notAnswered
 *    └────caller hangs up─▶ abandoned
 * ```
 */
export type RingState = 'ringing' | 'answered' | 'rejected' | 'notAnswered' | 'abandoned';

export type RingInput = 'answer' | 'reject' | 'ringTimeOver' | 'callerHangsUp';

export type RingStep =
  | { readonly state: RingState; readonly refusal?: undefined }
  | { readonly state: RingState; readonly refusal: Refusal };

export function stepRing(state: RingState, input: RingInput): RingStep {
  switch (input) {
    case 'answer':
      return use(state, 'answered');
    case 'reject':
      return use(state, 'rejected');
    case 'ringTimeOver':
      return { state: state === 'ringing' ? 'notAnswered' : state };
    case 'callerHangsUp':
      return { state: state === 'ringing' ? 'abandoned' : state };
  }
}

function use(state: RingState, next: 'answered' | 'rejected'): RingStep {
  switch (state) {
    case 'ringing':
      return { state: next };
    case 'answered':
    case 'rejected':
      return {
        state,
        refusal: refusals.invalidArgument(
          `Invalid argument: the incomingCallContext has been used already, the call was ${state}.`,
        ),
      };
    case 'notAnswered':
    case 'abandoned':
      return { state, refusal: refusals.callNotFound() };
  }
}
