import type { AcsCallError } from '../call/acs-port.ts';
import type { Call, CallRefusal } from '../call/call.ts';

/** What is asked of a call, and comes to nothing before anybody else is asked for it. */
export type RefusedRequest =
  | { readonly kind: 'unknown call' }
  /** The state of the call does not allow it. */
  | { readonly kind: 'refused'; readonly refusal: CallRefusal; readonly call: Call };

/** What is asked of a call, and comes to nothing. */
export type UnmetRequest =
  | RefusedRequest
  /** ACS does not do it. */
  | { readonly kind: 'failed'; readonly error: AcsCallError };
