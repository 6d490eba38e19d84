import type {
  CallOperation,
  OperationAnswer,
  Participant,
  PlaceCallRequest,
} from '../../../shared/call/operation.ts';
import type { RawId } from '../../../shared/call/party.ts';
import type { CallPlan } from '../../../shared/call/plan.ts';
import type { RejectReason, TranscriptionTransport } from '../../../shared/call/route.ts';

/** How ACS streams the audio of a call that it answers or places. */
export interface MediaStreaming {
  /** The address that ACS dials. It contains the ticket, so it is never logged. */
  readonly transportUrl: string;
  readonly plan: CallPlan;
  /**
   * Where ACS sends the transcript once transcription is started. ACS accepts this address only with the call, not
   * later.
   */
  readonly transcription?: TranscriptionTransport;
}

export interface AnswerRequest {
  readonly incomingCallContext: string;
  readonly callbackUrl: string;
  readonly operationContext: string;
  readonly media: MediaStreaming;
  /** Omit it if this attempt does not repeat another one. */
  readonly repeatability?: Repeatability;
}

/**
 * Identical in every attempt to do one thing, so that ACS does it once and answers every further attempt with the
 * result of the first (OASIS Repeatable Requests 1.0).
 */
interface Repeatability {
  /** A UUID. */
  readonly requestId: string;
  /** When the first attempt was made, in milliseconds since the epoch. */
  readonly firstSentMs: number;
}

export interface PlaceRequest extends PlaceCallRequest {
  readonly callbackUrl: string;
  readonly operationContext: string;
  readonly media: MediaStreaming;
}

/** A call that ACS has accepted: answered, or placed and ringing. */
export interface AnsweredCall {
  readonly callConnectionId: string;
  readonly serverCallId?: string;
  readonly correlationId?: string;
}

export interface StreamingOptions {
  readonly operationContext?: string;
}

/** What an operation needs besides its own members. */
export interface OperationContext {
  /** ACS returns it in the events that report the result. */
  readonly operationContext: string;
  /** Where ACS sends the events of a recording, which do not follow the call. */
  readonly callbackUrl: string;
  /** Needed to start a recording. */
  readonly serverCallId?: string;
  /** Needed to pause, resume and stop one. */
  readonly recordingId?: string;
}

/** What ACS knows about a connection. */
export interface CallProperties {
  /** `connecting`, `connected`, `transferring`, `transferAccepted`, `disconnecting`, `disconnected` or `unknown`. */
  readonly state: string;
  readonly serverCallId?: string;
  readonly correlationId?: string;
  /** Undefined if the call was answered without media streaming. */
  readonly streaming?: 'inactive' | 'active';
}

/** What the control app asks of telephony. A method that fails throws AcsCallError and nothing else. */
export interface AcsCalls {
  answer(request: AnswerRequest): Promise<AnsweredCall>;
  reject(incomingCallContext: string, reason: RejectReason): Promise<void>;
  /** Makes another telephone ring instead. */
  redirect(incomingCallContext: string, target: RawId): Promise<void>;
  /** Resolves when ACS lets the telephone ring. Callbacks report whether it is answered. */
  place(request: PlaceRequest): Promise<AnsweredCall>;
  startMediaStreaming(callConnectionId: string, options?: StreamingOptions): Promise<void>;
  stopMediaStreaming(callConnectionId: string, options?: StreamingOptions): Promise<void>;
  /** Ends the call for everybody on it, or only for the application. */
  hangUp(callConnectionId: string, forEveryone: boolean): Promise<void>;
  /** Resolves when ACS has accepted the operation. For most operations a callback reports the result. */
  operate(
    callConnectionId: string,
    operation: CallOperation,
    context: OperationContext,
  ): Promise<OperationAnswer>;
  participants(callConnectionId: string): Promise<readonly Participant[]>;
  /** Undefined if ACS does not know the connection, or no longer does. */
  properties(callConnectionId: string): Promise<CallProperties | undefined>;
}

export interface AcsCallFailure {
  /** HTTP status of ACS; undefined if it did not answer. */
  readonly status?: number;
  /** Error code of ACS, such as `8522`. */
  readonly code?: string;
  /** The same request may succeed later. */
  readonly retryable: boolean;
  /** `Retry-After` of the answer, as ACS wrote it. */
  readonly retryAfter?: string;
  /** Why ACS was not asked at all: a sentence without numbers and names. */
  readonly notAsked?: string;
  /** ACS may have done it anyway: at least one attempt had no answer, or one that does not say. */
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
   * ACS no longer knows the call, so it has ended. If the operation is about a participant or a recording, a 404 may
   * mean that instead: ask with `AcsCalls.properties` whether the call still exists.
   */
  get callGone(): boolean {
    return this.failure.status === 404 || this.failure.code === CALL_TERMINATED;
  }

  /** ACS has certainly not done it, and will not: it was not asked, was not reached, or has refused every attempt. */
  get isNotDone(): boolean {
    const { status, mayBeDone, notAsked } = this.failure;
    if (notAsked !== undefined) return true;
    return mayBeDone !== true && (status === undefined || (status >= 400 && status < 500));
  }

  /** The reason in a form that may be stored and logged: status and code only. */
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
