import type {
  CallOperation,
  OperationAnswer,
  Participant,
  PlaceCallRequest,
} from '../../../shared/call/operation.ts';
import type { RawId } from '../../../shared/call/party.ts';
import type { CallPlan } from '../../../shared/call/plan.ts';
import type { RejectReason, TranscriptionTransport } from '../../../shared/call/route.ts';

/** How ACS is to stream the audio of a call that is answered or placed. */
export interface MediaStreaming {
  /** What ACS dials. It carries the ticket, so it is written to no log. */
  readonly transportUrl: string;
  readonly plan: CallPlan;
  /** Where ACS is to send what is said, once transcription is started. ACS takes it with the call only, not later. */
  readonly transcription?: TranscriptionTransport;
}

export interface AnswerRequest {
  readonly incomingCallContext: string;
  readonly callbackUrl: string;
  readonly operationContext: string;
  readonly media: MediaStreaming;
  /** Absent: this attempt has nothing to do with any other. */
  readonly repeatability?: Repeatability;
}

/**
 * What is the same in every attempt to have one thing done, so that ACS does it once and tells every further attempt what came of the first
 * (OASIS Repeatable Requests 1.0).
 */
export interface Repeatability {
  /** A UUID. */
  readonly requestId: string;
  /** When it was first asked for, in milliseconds since the epoch. */
  readonly firstSentMs: number;
}

export interface PlaceRequest extends PlaceCallRequest {
  readonly callbackUrl: string;
  readonly operationContext: string;
  readonly media: MediaStreaming;
}

/** A call that ACS has taken on: answered, or placed and ringing. */
export interface AnsweredCall {
  readonly callConnectionId: string;
  readonly serverCallId?: string;
  readonly correlationId?: string;
}

export interface StreamingOptions {
  readonly operationContext?: string;
}

/** What an operation needs beside itself. */
export interface OperationContext {
  /** Comes back in the events that tell how the operation went. */
  readonly operationContext: string;
  /** Where those events go that do not follow the call, which are those of recordings. */
  readonly callbackUrl: string;
  /** Needed to start a recording. */
  readonly serverCallId?: string;
  /** Needed to pause, resume and stop one. */
  readonly recordingId?: string;
}

/** What ACS knows of a connection. */
export interface CallProperties {
  /** `connecting`, `connected`, `transferring`, `transferAccepted`, `disconnecting`, `disconnected` or `unknown`. */
  readonly state: string;
  readonly serverCallId?: string;
  readonly correlationId?: string;
  /** Absent where the call was answered without media streaming. */
  readonly streaming?: 'inactive' | 'active';
}

/** What the control app asks of telephony. Every method throws AcsCallError, and nothing else, when that fails. */
export interface AcsCalls {
  answer(request: AnswerRequest): Promise<AnsweredCall>;
  reject(incomingCallContext: string, reason: RejectReason): Promise<void>;
  /** Lets somebody else's telephone ring instead. */
  redirect(incomingCallContext: string, target: RawId): Promise<void>;
  /** Resolves when ACS lets the telephone ring; callbacks tell whether it is answered. */
  place(request: PlaceRequest): Promise<AnsweredCall>;
  startMediaStreaming(callConnectionId: string, options?: StreamingOptions): Promise<void>;
  stopMediaStreaming(callConnectionId: string, options?: StreamingOptions): Promise<void>;
  /** Ends the call for everybody on it, or leaves it to the others. */
  hangUp(callConnectionId: string, forEveryone: boolean): Promise<void>;
  /** Resolves when ACS has taken the operation on; for most a callback tells how it went. */
  operate(
    callConnectionId: string,
    operation: CallOperation,
    context: OperationContext,
  ): Promise<OperationAnswer>;
  participants(callConnectionId: string): Promise<readonly Participant[]>;
  /** Undefined: ACS does not know the connection, or no longer. */
  properties(callConnectionId: string): Promise<CallProperties | undefined>;
}

export interface AcsCallFailure {
  /** HTTP status of ACS; absent when it gave no answer. */
  readonly status?: number;
  /** Error code of ACS, such as `8522`. */
  readonly code?: string;
  /** The same request may succeed later. */
  readonly retryable: boolean;
  /** `Retry-After` of the answer, as ACS wrote it. */
  readonly retryAfter?: string;
  /** Why ACS was not asked at all: a sentence without numbers and names. */
  readonly notAsked?: string;
  /** ACS may have done what was asked all the same: to some attempt it gave no answer, or one that does not say. */
  readonly mayBeDone?: true;
}

export class AcsCallError extends Error {
  override readonly name = 'AcsCallError';
  readonly failure: AcsCallFailure;
  constructor(operation: string, failure: AcsCallFailure, options?: ErrorOptions) {
    super(`${operation} failed: ${describe(failure)}`, options);
    this.failure = failure;
  }

  /**
   * ACS knows the call no longer: it has ended. For operations about somebody or something on a call a 404 may also be about
   * him or it; whether the call itself is there is then to be asked (`AcsCalls.properties`).
   */
  get callGone(): boolean {
    return this.failure.status === 404 || this.failure.code === CALL_TERMINATED;
  }

  /** Why, in a form that may be stored and logged: status and code only. */
  get reason(): string {
    return describe(this.failure);
  }
}

const CALL_TERMINATED = '8528';

function describe({ status, code, notAsked }: AcsCallFailure): string {
  if (notAsked !== undefined) return notAsked;
  if (status === undefined) return 'Azure Communication Services did not answer';
  return `Azure Communication Services answered ${status}${code === undefined ? '' : ` (code ${code})`}`;
}
