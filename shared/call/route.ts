/** Routes: which calls are answered or placed, and how. A route file is a list of `CallRoute`. */
import type { PlaySource } from './operation.ts';
import type { RawId } from './party.ts';
import type { CallPlan } from './plan.ts';
import type { CallDirection } from './states.ts';
import type { TimeWindow } from './time-window.ts';

export type Headers = Readonly<Record<string, string>>;

/**
 * Which calls a route is for: those that meet every member it has. A pattern is a text, exact, or its beginning followed by `*`;
 * of a party it is compared with the phone number and the raw id, of headers with the value.
 */
export interface RouteMatch {
  /** Absent: `inbound`. */
  readonly direction?: CallDirection;
  readonly from?: string;
  readonly to?: string;
  /** Custom SIP headers of the call by name, which is compared without regard to case. */
  readonly sipHeaders?: Headers;
  /** The same of calls between users of ACS. */
  readonly voipHeaders?: Headers;
  readonly time?: TimeWindow;
  /** Of the calls that come as far as this route, how many of a hundred it takes. */
  readonly percentage?: number;
}

/**
 * From who calls whom, whether and how a call is answered. `ring` leaves it ringing, for another application or until the caller gives up.
 * Of an outbound call, `answer` allows it and `reject` forbids it.
 */
export interface CallRoute {
  readonly name: string;
  readonly match: RouteMatch;
  readonly action: 'answer' | 'reject' | 'redirect' | 'ring';
  /** What the caller hears of a rejection. Absent: `forbidden`. */
  readonly rejectReason?: RejectReason;
  /** Where a redirected call goes. */
  readonly redirectTo?: RawId;
  /** Longest call. Absent: as long as any call may last. */
  readonly maxCallMs?: number;
  /** Calls at the same time; beyond it the route is passed over. */
  readonly capacity?: number;
  /** What is done once streaming has failed for good. Absent: `leave`, the call goes on without it. */
  readonly onStreamingFailed?: StreamingFailedChoice;
  /** Where ACS sends what is said once transcription is started; ACS takes it with the call only. Absent: the call cannot be transcribed. */
  readonly transcription?: TranscriptionTransport;
  readonly plan: CallPlan;
}

export const REJECT_REASONS = ['busy', 'forbidden', 'none'] as const;

export type RejectReason = (typeof REJECT_REASONS)[number];

export type StreamingFailedChoice = 'leave' | 'hang-up' | { readonly play: PlaySource };

/** A WebSocket server for the transcript, and the language to begin with, such as `en-US`. */
export interface TranscriptionTransport {
  readonly transportUrl: string;
  readonly locale: string;
}
