/** Routes: which calls are answered or placed, and how. A route file is a list of `CallRoute`. */
import type { PlaySource } from './operation.ts';
import type { RawId } from './party.ts';
import type { CallPlan } from './plan.ts';
import type { CallDirection } from './states.ts';
import type { TimeWindow } from './time-window.ts';

export type Headers = Readonly<Record<string, string>>;

/**
 * Which calls a route matches: those that meet all of its members. A pattern is an exact text, or the beginning of
 * one followed by `*`. For a party it is compared with the phone number and the raw id, for a header with the value.
 */
interface RouteMatch {
  /** Defaults to `inbound`. */
  readonly direction?: CallDirection;
  readonly from?: string;
  readonly to?: string;
  /** Custom SIP headers of the call by name. Names are compared without regard to case. */
  readonly sipHeaders?: Headers;
  /** The same for calls between users of ACS. */
  readonly voipHeaders?: Headers;
  readonly time?: TimeWindow;
  /** The percentage of the calls that get as far as this route which it takes. */
  readonly percentage?: number;
}

/**
 * Decides from caller and callee whether and how a call is answered. `ring` leaves it ringing, for another
 * application or until the caller gives up. For an outbound call, `answer` allows it and `reject` forbids it.
 */
export interface CallRoute {
  readonly name: string;
  readonly match: RouteMatch;
  readonly action: 'answer' | 'reject' | 'redirect' | 'ring';
  /** What the caller of a rejected call hears. Defaults to `forbidden`. */
  readonly rejectReason?: RejectReason;
  /** Where a redirected call goes. */
  readonly redirectTo?: RawId;
  /** Longest call. Defaults to the longest that any call may last. */
  readonly maxCallMs?: number;
  /** How many calls the route takes at the same time. When it is full, the next route is tried. */
  readonly capacity?: number;
  /** What happens once streaming has failed for good. Defaults to `leave`: the call goes on without it. */
  readonly onStreamingFailed?: StreamingFailedChoice;
  /**
   * Where ACS sends the transcript once transcription is started. ACS accepts it with the call only, so without it
   * the call cannot be transcribed.
   */
  readonly transcription?: TranscriptionTransport;
  readonly plan: CallPlan;
}

export const REJECT_REASONS = ['busy', 'forbidden', 'none'] as const;

export type RejectReason = (typeof REJECT_REASONS)[number];

export type StreamingFailedChoice = 'leave' | 'hang-up' | { readonly play: PlaySource };

/** A WebSocket server for the transcript, and the initial language, such as `en-US`. */
export interface TranscriptionTransport {
  readonly transportUrl: string;
  readonly locale: string;
}
