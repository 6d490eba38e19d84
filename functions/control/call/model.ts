import type { CallOperation } from '../../../shared/call/operation.ts';
import type { CallPlan, TextKind, WorkerPlan } from '../../../shared/call/plan.ts';
import type { RejectReason, StreamingFailedChoice } from '../../../shared/call/route.ts';
import type {
  CALL_DECISIONS,
  CallDirection,
  CallEnder,
  CallPhase,
  PlacingFailure,
} from '../../../shared/call/states.ts';
import type { Callback } from './event.ts';
import type { SpentMinutes } from './hourly-budget.ts';
import type { Ledger } from './operations.ts';
import { NO_RECORDING, type Recording, type RecordingRefusal } from './recording.ts';
import {
  NO_STREAMING,
  type Streaming,
  type StreamingCommand,
  type StreamingOperation,
  type StreamingRefusal,
} from './streaming.ts';
import { NO_TRANSCRIPTION, type Transcription, type TranscriptionRefusal } from './transcription.ts';

/** A worker on a call, with what decides about its token. */
export type CallWorker = Pick<WorkerPlan, 'name' | 'speaks'>;

/** One call, as it is stored: plain JSON. Times are milliseconds since the epoch. */
export interface Call {
  readonly callId: string;
  readonly direction: CallDirection;
  readonly phase: CallPhase;
  readonly streaming: Streaming;
  readonly recording: Recording;
  readonly transcription: Transcription;
  /** The operations that were requested, newest last. */
  readonly operations: Ledger;
  /** How many destinations were called for this call. Minutes that are over for an hour may be missing. */
  readonly outbound?: SpentMinutes;
  /** Participants on hold. */
  readonly held: number;
  /** The participants, the application included, as of the event with this sequence number, and when it happened. */
  readonly participants?: { readonly count: number; readonly sequence: number; readonly atMs?: number };
  readonly route: string;
  readonly decision: (typeof CALL_DECISIONS)[number];
  /** What the caller hears if the decision is to reject. Defaults to `forbidden`. */
  readonly rejectReason?: RejectReason;
  /** What happens once streaming has failed for good. Defaults to `leave`. */
  readonly onStreamingFailed?: StreamingFailedChoice;
  readonly plan: CallPlan;
  /** The workers on the call now. Defaults to those of the plan. */
  readonly workers?: readonly CallWorker[];
  /** Caller and callee in the form that may be shown: the last four characters only. */
  readonly from: string;
  readonly to: string;
  /** When the call came in or was placed. */
  readonly receivedAtMs: number;
  /** The event with which the call came in. The timeline has this one, whichever others report the call again. */
  readonly arrival?: { readonly eventId: string; readonly atMs: number };
  /** When the ticket expires, which is also when the call must end. */
  readonly expiresAtMs: number;
  /** `answering`: the invocation that acts on the call, and until when no other may. */
  readonly claim?: string;
  readonly leaseUntilMs?: number;
  /** How many invocations have claimed the call so far. */
  readonly attempts: number;
  readonly answeredAtMs?: number;
  readonly connectedAtMs?: number;
  /** When a participant was transferred. */
  readonly transferredAtMs?: number;
  readonly endedAtMs?: number;
  readonly endReason?: string;
  /** Who has ended it, or asked for its end. */
  readonly endedBy?: CallEnder;
  /** It ended by an event, and ACS has not been asked since whether it has ended. */
  readonly endUnconfirmed?: true;
  /** Why placing the call failed. */
  readonly failure?: PlacingFailure;
  readonly hangUpRequestedAtMs?: number;
  /** The hang-up ends only the application's part in the call. */
  readonly leavesOthers?: true;
  readonly callConnectionId?: string;
  readonly serverCallId?: string;
  readonly correlationId?: string;
  /** Ids of the last callback events, newest last. Each event is applied once. */
  readonly seenEvents: readonly string[];
  /** How many texts of workers its timeline has. Defaults to none. */
  readonly notes?: Readonly<Record<TextKind, number>>;
}

/** Commands that are one request to ACS about a connection and are not listed among the call's operations. */
export type PlainCommand = { readonly type: 'hangUp'; readonly forEveryone: boolean } | StreamingOperation;

/** Commands that are one request to ACS about a connection. */
type ConnectionCommand =
  | PlainCommand
  | { readonly type: 'operate'; readonly id: string; readonly operation: CallOperation };

export type CallCommand =
  | { readonly type: 'answer' }
  | { readonly type: 'reject' }
  | { readonly type: 'redirect' }
  | ConnectionCommand
  | StreamingCommand;

/** Why a request is refused in the present state. */
export type CallRefusal =
  | 'call-ended'
  | 'call-not-connected'
  | 'transfer-under-way'
  | 'too-many-operations'
  /** The call has spent its share of the budget for outbound calls. */
  | 'outbound-budget-spent'
  | StreamingRefusal
  | RecordingRefusal
  | TranscriptionRefusal;

/** Why an event had no effect, if the timeline should mention it. */
type IgnoredReason = 'duplicate' | 'call ended' | 'another connection' | 'unknown operation';

export interface CallStep {
  readonly call: Call;
  readonly commands: readonly CallCommand[];
  readonly refusal?: CallRefusal;
  readonly ignored?: IgnoredReason;
}

/** Bound of `Call.seenEvents`: far more events than ACS sends within the time in which it repeats one. */
export const SEEN_EVENTS = 64;

export type NewCall = Pick<
  Call,
  'callId' | 'route' | 'decision' | 'plan' | 'from' | 'to' | 'receivedAtMs' | 'expiresAtMs'
> &
  Partial<Pick<Call, 'direction' | 'rejectReason' | 'onStreamingFailed'>>;

/**
 * A new call: one that comes in and that no invocation has claimed, or with the direction `outbound` one that is
 * about to be placed.
 */
export function newCall(fields: NewCall): Call {
  const { direction = 'inbound' } = fields;
  return {
    ...fields,
    ...BLANK_CALL,
    direction,
    phase: direction === 'inbound' ? 'ringing' : 'placing',
    streaming: NO_STREAMING,
    attempts: 0,
    seenEvents: [],
  };
}

const SHOWN = 4;

/** The last four characters of a raw id or number (`…0123`), or nothing if it is not longer than that. */
export function maskParty(rawId: string): string {
  return `…${rawId.length > SHOWN ? rawId.slice(-SHOWN) : ''}`;
}

/** A call before anything has happened to it. */
export const BLANK_CALL = {
  direction: 'inbound',
  recording: NO_RECORDING,
  transcription: NO_TRANSCRIPTION,
  operations: [],
  held: 0,
} as const satisfies Partial<Call>;

type Ids = Pick<Call, 'callConnectionId' | 'serverCallId' | 'correlationId'>;

/** The call, with missing ids taken from an event. */
export function withIds(call: Call, event: Ids | Callback): Call {
  const ids: { -readonly [name in keyof Ids]: Ids[name] } = {};
  for (const name of ['callConnectionId', 'serverCallId', 'correlationId'] as const) {
    const value = call[name] ?? event[name];
    if (value !== undefined) ids[name] = value;
  }
  return { ...call, ...ids };
}

/** A step that changes nothing and asks for nothing. */
export function keep(call: Call): CallStep {
  return { call, commands: [] };
}

/**
 * Asks ACS to end the call, if it has a connection, and remembers when: the sweep asks again if nothing happens. `by`:
 * who ends it, unless somebody does already.
 */
export function beginHangUp(call: Call, nowMs: number, by?: CallEnder): CallStep {
  const commands: CallCommand[] =
    call.callConnectionId === undefined ? [] : [{ type: 'hangUp', forEveryone: call.leavesOthers !== true }];
  const endedBy = call.endedBy ?? by;
  const asked = { ...call, hangUpRequestedAtMs: nowMs };
  return { call: endedBy === undefined ? asked : { ...asked, endedBy }, commands };
}

/** Whether the call goes on, so that it is worth restarting what has failed. */
export function continues(call: Call): boolean {
  return (
    call.phase === 'connected' &&
    call.callConnectionId !== undefined &&
    call.hangUpRequestedAtMs === undefined
  );
}

/** How far the clocks of Azure and of this process may differ. */
const CLOCK_SKEW_MS = 5 * 60_000;

/**
 * When an event happened, as it says so itself, in milliseconds since the epoch. Undefined if it says nothing or names
 * a time that is not possible: an event from the future would sort behind everything that follows it in the timeline.
 */
export function timeOf({ atMs }: { readonly atMs?: number }, nowMs: number): number | undefined {
  return atMs !== undefined && atMs >= 0 && atMs <= nowMs + CLOCK_SKEW_MS ? atMs : undefined;
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** Bytes of the digest that make an id: 160 bits, so that two calls never share one. */
const ID_BYTES = 20;

/**
 * The id of a call, made from the SHA-256 digest of the name that ACS gives it (`incomingCallContext`). So a call has
 * the same id in every delivery of its event. Base32 (RFC 4648, section 6) in lower case without padding, 32
 * characters.
 * @throws RangeError if the digest has fewer than 20 bytes
 */
export function formatCallId(digest: Uint8Array): string {
  if (digest.byteLength < ID_BYTES) {
    throw new RangeError(
      `a call id needs a digest of at least ${ID_BYTES} bytes, this one has ${digest.byteLength}`,
    );
  }
  let id = '';
  let bits = 0;
  let width = 0;
  for (const byte of digest.subarray(0, ID_BYTES)) {
    bits = (bits << 8) | byte;
    width += 8;
    while (width >= 5) {
      width -= 5;
      id += ALPHABET.charAt((bits >> width) & 31);
    }
    bits &= (1 << width) - 1;
  }
  return id;
}
