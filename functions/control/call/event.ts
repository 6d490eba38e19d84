import type { CallOperation, OperationAnswer, Tone } from '../../../shared/call/operation.ts';
import type { PlacingFailure } from '../../../shared/call/states.ts';
import type { CallProperties } from './acs-port.ts';
import type { OperationResultType } from './operations.ts';

/** What can happen to a call, as the call's state machine hears it (see `call.ts`). */

/** Callback events that change the state of a call beside those that tell how an operation went (`OPERATION_RESULTS`). */
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

/** One callback event of ACS, with nothing in it that may not be stored (no numbers, contexts, tokens or URLs) except in `recognized`. */
export interface Callback {
  /** ACS repeats it with every delivery of the same event. */
  readonly id: string;
  /** `other`: it is only written to the timeline. */
  readonly kind: CallbackKind | 'other';
  /** The name of the event without `Microsoft.Communication.`. */
  readonly type: string;
  /** When ACS says that it happened, in milliseconds since the epoch by its clock. */
  readonly atMs?: number;
  readonly callConnectionId?: string;
  readonly serverCallId?: string;
  readonly correlationId?: string;
  /** Why something failed or ended, such as `500/8603 streamConnectionUnsuccessful`. */
  readonly reason?: string;
  /** Of a result: the operation that it is about, where its context is one that we gave. */
  readonly operationId?: string;
  readonly invitationId?: string;
  /** Of `CreateCallFailed` and `CallDisconnected`, where their codes tell. */
  readonly failure?: PlacingFailure;
  /** Of `RecordingStateChanged`. */
  readonly recording?: { readonly id: string; readonly active: boolean };
  /** Of `ParticipantsUpdated`. */
  readonly participants?: { readonly count: number; readonly held: number; readonly sequence?: number };
  /** Of `RecognizeCompleted`. What people say and type is passed on and never stored or logged. */
  readonly recognized?: Recognized;
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

/** What ACS understood of somebody on the call. */
export type Recognized =
  | { readonly kind: 'dtmf'; readonly tones: readonly Tone[] }
  | { readonly kind: 'speech'; readonly text: string; readonly confidence?: number };

/** What a request to start or stop streaming may carry; ACS returns it in the events that follow. */
export interface StreamingRequest {
  /** Ours, and another one for every request: the same id means that the same request is tried again. */
  readonly id: string;
  readonly operationContext?: string;
}

export type CallEvent =
  /** Event Grid delivered the call (perhaps again). `claim` names the invocation that wants to act on it. */
  | { readonly type: 'IncomingCall'; readonly claim: string }
  | {
      readonly type: 'AnswerSucceeded';
      readonly claim: string;
      readonly callConnectionId: string;
      readonly serverCallId?: string;
      readonly correlationId?: string;
    }
  | { readonly type: 'RejectSucceeded'; readonly claim: string }
  /** Answering or rejecting failed. `final`: trying again cannot help. */
  | {
      readonly type: 'AnswerFailed';
      readonly claim: string;
      readonly final: boolean;
      readonly reason: string;
    }
  | { readonly type: 'RedirectSucceeded'; readonly claim: string }
  /** ACS lets the telephone of a call that was placed ring. */
  | {
      readonly type: 'PlaceSucceeded';
      readonly callConnectionId: string;
      readonly serverCallId?: string;
      readonly correlationId?: string;
    }
  /** Placing failed. ACS may have placed the call all the same where it gave no answer. */
  | { readonly type: 'PlaceFailed'; readonly reason: string }
  | { readonly type: 'OperationRequested'; readonly id: string; readonly operation: CallOperation }
  /** ACS has taken an operation on. */
  | { readonly type: 'OperationAnswered'; readonly id: string; readonly answer: OperationAnswer }
  /** `unknown`: ACS knows nothing of what the operation is about. `assumed`: ACS gave no answer, and may have taken it on. */
  | {
      readonly type: 'OperationRefused';
      readonly id: string;
      readonly reason: string;
      readonly unknown: boolean;
      readonly assumed: boolean;
    }
  | ({ readonly type: 'StartRequested' } & StreamingRequest)
  | ({ readonly type: 'StopRequested' } & StreamingRequest)
  /** Stop, and start again once stopped. */
  | ({ readonly type: 'RestartRequested' } & StreamingRequest)
  /** `forEveryone` absent: true. */
  | { readonly type: 'HangUpRequested'; readonly id: string; readonly forEveryone?: boolean }
  | { readonly type: 'StartFailed'; readonly id: string; readonly reason: string }
  /** `assumed`: ACS gave no answer, and may have stopped it. */
  | {
      readonly type: 'StopFailed';
      readonly id: string;
      readonly reason: string;
      readonly assumed?: boolean;
    }
  /** `isAwaited`: whoever wanted it is told, and asks again if he still wants it; else it is asked for again in time. */
  | {
      readonly type: 'HangUpFailed';
      readonly id: string;
      readonly reason: string;
      readonly isAwaited: boolean;
    }
  /** ACS knows the call no longer. */
  | { readonly type: 'CallGone' }
  /** The pause before the next automatic start of streaming is over. */
  | { readonly type: 'RetryDue'; readonly retry: number }
  /** What ACS said of the connection when it was asked at `askedAtMs`. */
  | { readonly type: 'Observed'; readonly properties: CallProperties; readonly askedAtMs: number }
  /** Time has passed: end what was left behind. */
  | { readonly type: 'Tick' }
  | { readonly type: 'Callback'; readonly callback: Callback };
