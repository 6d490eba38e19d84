import type { CallOperation, OperationAnswer, Tone } from '../../../shared/call/operation.ts';
import type { CallEnder, PlacingFailure } from '../../../shared/call/states.ts';
import type { CallProperties } from './acs-port.ts';
import type { OperationResultType } from './operations.ts';

/** The events that the state machine of a call handles (see `call.ts`). */

/**
 * Callback events that change the state of a call, besides those that report the result of an operation
 * (`OPERATION_RESULTS`).
 */
export const CALLBACK_KINDS = [
  'CallConnected',
  'CallDisconnected',
  'AnswerFailed',
  'CreateCallFailed',
  'MediaStreamingStarted',
  'MediaStreamingStopped',
  'MediaStreamingFailed',
  'ParticipantsUpdated',
  'RecordingStateChanged',
] as const;

export type CallbackKind = (typeof CALLBACK_KINDS)[number] | OperationResultType;

/**
 * One callback event of ACS. Apart from `recognized`, it contains nothing that must not be stored: no numbers,
 * contexts, tokens or URLs.
 */
export interface Callback {
  /** ACS repeats it with every delivery of the same event. */
  readonly id: string;
  /** `other`: the event is only written to the timeline. */
  readonly kind: CallbackKind | 'other';
  /** The name of the event without `Microsoft.Communication.`. */
  readonly type: string;
  /** When it happened by the clock of ACS, in milliseconds since the epoch. */
  readonly atMs?: number;
  readonly callConnectionId?: string;
  readonly serverCallId?: string;
  readonly correlationId?: string;
  /** Why something failed or ended, such as `500/8603 streamConnectionUnsuccessful`. */
  readonly reason?: string;
  /** For a result: the operation that it is about, if the event carries a context that we gave. */
  readonly operationId?: string;
  readonly invitationId?: string;
  /** For `CreateCallFailed` and `CallDisconnected`, if their codes say why. */
  readonly failure?: PlacingFailure;
  /** For `RecordingStateChanged`. */
  readonly recording?: { readonly id: string; readonly active: boolean };
  /** For `ParticipantsUpdated`. */
  readonly participants?: { readonly count: number; readonly held: number; readonly sequence?: number };
  /** For `RecognizeCompleted`. What people say and type goes to the workers and is never stored or logged. */
  readonly recognized?: Recognized;
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

/** What ACS recognized from a participant. */
export type Recognized =
  | { readonly kind: 'dtmf'; readonly tones: readonly Tone[] }
  | { readonly kind: 'speech'; readonly text: string; readonly confidence?: number };

/** What a request to start or stop streaming may carry. ACS returns `operationContext` in the events that follow. */
export interface StreamingRequest {
  /** Our id of the request. The same id again means that the same request is repeated. */
  readonly id: string;
  readonly operationContext?: string;
}

/** Who asks for the end of a call. */
export type HangUpCause = Extract<CallEnder, 'application' | 'worker' | 'silence'>;

export type CallEvent =
  /** Event Grid delivered the call, perhaps again. `claim` identifies the invocation that wants to act on it. */
  | { readonly type: 'IncomingCall'; readonly claim: string }
  | {
      readonly type: 'AnswerSucceeded';
      readonly claim: string;
      readonly callConnectionId: string;
      readonly serverCallId?: string;
      readonly correlationId?: string;
    }
  | { readonly type: 'RejectSucceeded'; readonly claim: string }
  /** Answering or rejecting failed. `final`: another attempt cannot help. */
  | {
      readonly type: 'AnswerFailed';
      readonly claim: string;
      readonly final: boolean;
      readonly reason: string;
    }
  | { readonly type: 'RedirectSucceeded'; readonly claim: string }
  /** ACS lets the telephone of a placed call ring. */
  | {
      readonly type: 'PlaceSucceeded';
      readonly callConnectionId: string;
      readonly serverCallId?: string;
      readonly correlationId?: string;
    }
  /** Placing failed. If ACS did not answer, it may have placed the call anyway. */
  | { readonly type: 'PlaceFailed'; readonly reason: string }
  /** `share`: the operation calls somebody, and how many may be called for this call in any hour. */
  | {
      readonly type: 'OperationRequested';
      readonly id: string;
      readonly operation: CallOperation;
      readonly share?: number;
    }
  /** ACS has accepted an operation. */
  | { readonly type: 'OperationAnswered'; readonly id: string; readonly answer: OperationAnswer }
  /**
   * ACS has not accepted an operation. `unknown`: ACS does not know what it is about. `assumed`: ACS did not answer,
   * and may have accepted it. `notDone`: it has certainly not done it. Defaults to false.
   */
  | {
      readonly type: 'OperationRefused';
      readonly id: string;
      readonly reason: string;
      readonly unknown: boolean;
      readonly assumed: boolean;
      readonly notDone?: boolean;
    }
  | ({ readonly type: 'StartRequested' } & StreamingRequest)
  | ({ readonly type: 'StopRequested' } & StreamingRequest)
  /** Stop streaming, and start it again once it has stopped. */
  | ({ readonly type: 'RestartRequested' } & StreamingRequest)
  /** `forEveryone` defaults to true, `by` to `application`. */
  | {
      readonly type: 'HangUpRequested';
      readonly id: string;
      readonly forEveryone?: boolean;
      readonly by?: HangUpCause;
    }
  | { readonly type: 'StartFailed'; readonly id: string; readonly reason: string }
  /** `assumed`: ACS did not answer, and may have stopped it. */
  | {
      readonly type: 'StopFailed';
      readonly id: string;
      readonly reason: string;
      readonly assumed?: boolean;
    }
  /**
   * `isAwaited`: a caller of the API waits for the result and can ask again. Otherwise the sweep asks again in time.
   */
  | {
      readonly type: 'HangUpFailed';
      readonly id: string;
      readonly reason: string;
      readonly isAwaited: boolean;
    }
  /** ACS no longer knows the call. */
  | { readonly type: 'CallGone' }
  /** The pause before the next automatic start of streaming is over. */
  | { readonly type: 'RetryDue'; readonly retry: number }
  /**
   * What ACS said about the connection when we asked at `askedAtMs`. `hasEnded`: we asked because a relay says that the
   * call's stream is over. Defaults to false.
   */
  | {
      readonly type: 'Observed';
      readonly properties: CallProperties;
      readonly askedAtMs: number;
      readonly hasEnded?: boolean;
    }
  /** A relay has given up the call's stream, which brought no audio however often it was started again. */
  | { readonly type: 'StreamLost'; readonly id: string; readonly reason: string }
  /** Time has passed: clean up what was left behind. */
  | { readonly type: 'Tick' }
  | { readonly type: 'Callback'; readonly callback: Callback };
