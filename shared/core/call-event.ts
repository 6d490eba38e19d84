/** What can happen to a call, as the call's state machine hears it (see `call.ts`). */

/** Callback events that change the state of a call. All others are only written to its timeline. */
export const CALLBACK_KINDS = [
  'CallConnected',
  'CallDisconnected',
  'AnswerFailed',
  'MediaStreamingStarted',
  'MediaStreamingStopped',
  'MediaStreamingFailed',
] as const;

export type CallbackKind = (typeof CALLBACK_KINDS)[number];

/** One callback event of ACS, with nothing in it that may not be stored: no numbers, contexts, tokens or URLs. */
export interface Callback {
  /** ACS repeats it with every delivery of the same event. */
  readonly id: string;
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
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

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
  | ({ readonly type: 'StartRequested' } & StreamingRequest)
  | ({ readonly type: 'StopRequested' } & StreamingRequest)
  /** Stop, and start again once stopped. */
  | ({ readonly type: 'RestartRequested' } & StreamingRequest)
  | { readonly type: 'HangUpRequested'; readonly id: string }
  | { readonly type: 'StartFailed'; readonly id: string; readonly reason: string }
  | { readonly type: 'StopFailed'; readonly id: string; readonly reason: string }
  | { readonly type: 'HangUpFailed'; readonly id: string; readonly reason: string }
  /** ACS knows the call no longer. */
  | { readonly type: 'CallGone' }
  /** The pause before the next automatic start of streaming is over. */
  | { readonly type: 'RetryDue'; readonly retry: number }
  /** Time has passed: end what was left behind. */
  | { readonly type: 'Tick' }
  | { readonly type: 'Callback'; readonly callback: Callback };
