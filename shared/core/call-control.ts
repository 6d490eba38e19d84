import type { CallPlan } from './plan.ts';

/** How ACS is to stream the audio of a call that is answered. */
export interface MediaStreaming {
  /** What ACS dials. It carries the ticket, so it is written to no log. */
  readonly transportUrl: string;
  readonly plan: CallPlan;
}

export interface AnswerRequest {
  readonly incomingCallContext: string;
  readonly callbackUrl: string;
  readonly operationContext: string;
  readonly media: MediaStreaming;
}

export interface AnsweredCall {
  readonly callConnectionId: string;
  readonly serverCallId?: string;
  readonly correlationId?: string;
}

export interface StreamingOptions {
  readonly operationContext?: string;
}

/** What the control app asks of telephony. Every method throws CallControlError, and nothing else, when that fails. */
export interface CallControl {
  answer(request: AnswerRequest): Promise<AnsweredCall>;
  reject(incomingCallContext: string): Promise<void>;
  startMediaStreaming(callConnectionId: string, options?: StreamingOptions): Promise<void>;
  stopMediaStreaming(callConnectionId: string, options?: StreamingOptions): Promise<void>;
  /** Ends the call for everybody on it. */
  hangUp(callConnectionId: string): Promise<void>;
}

export interface CallControlFailure {
  /** HTTP status of ACS; absent when it gave no answer. */
  readonly status?: number;
  /** Error code of ACS, such as `8522`. */
  readonly code?: string;
  /** The same request may succeed later. */
  readonly retryable: boolean;
  /** `Retry-After` of the answer, as ACS wrote it. */
  readonly retryAfter?: string;
}

export class CallControlError extends Error {
  override readonly name = 'CallControlError';
  readonly failure: CallControlFailure;
  constructor(operation: string, failure: CallControlFailure, options?: ErrorOptions) {
    super(`${operation} failed: ${describe(failure)}`, options);
    this.failure = failure;
  }

  /** ACS knows the call no longer: it has ended. */
  get callGone(): boolean {
    return this.failure.status === 404 || this.failure.code === CALL_TERMINATED;
  }

  /** Why, in a form that may be stored and logged: status and code only. */
  get reason(): string {
    return describe(this.failure);
  }
}

const CALL_TERMINATED = '8528';

function describe({ status, code }: CallControlFailure): string {
  if (status === undefined) return 'Azure Communication Services did not answer';
  return `Azure Communication Services answered ${status}${code === undefined ? '' : ` (code ${code})`}`;
}
