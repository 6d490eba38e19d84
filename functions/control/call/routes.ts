import type { PlaySource, RawId } from '../../../shared/call/operation.ts';
import type { CallPlan } from '../../../shared/call/plan.ts';
import { isWithin, type TimeWindow } from '../../../shared/call/time-window.ts';
import type { TranscriptionTransport } from './acs-port.ts';

/** Who is at one end of a call. `rawId` as ACS writes it (`4:+1425…`, `8:acs:…`); `phoneNumber` where there is one (`+1425…`). */
export interface Party {
  readonly rawId: RawId;
  readonly phoneNumber?: string;
}

export type CallDirection = 'inbound' | 'outbound';

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

/** What routes are told of a call. */
export interface RoutedCall {
  readonly callId: string;
  readonly direction: CallDirection;
  readonly from: Party;
  readonly to: Party;
  readonly sipHeaders: Headers;
  readonly voipHeaders: Headers;
  /** When the call came in, in milliseconds since the epoch. */
  readonly atMs: number;
}

/** Why a route is not for a call, in words that hold nothing of the call; undefined where it is. */
export function whyNot({ name, match }: CallRoute, call: RoutedCall): string | undefined {
  const { direction = 'inbound', from, to, sipHeaders = {}, voipHeaders = {}, time, percentage } = match;
  if (direction !== call.direction) return `it is for ${direction} calls`;
  if (!isParty(from, call.from)) return `the calling end is not ${from}`;
  if (!isParty(to, call.to)) return `the called end is not ${to}`;
  const missing =
    missingHeader('SIP', sipHeaders, call.sipHeaders) ?? missingHeader('VoIP', voipHeaders, call.voipHeaders);
  if (missing !== undefined) return missing;
  if (time !== undefined && !isWithin(time, call.atMs)) return 'it is not its time';
  if (percentage !== undefined && percentileOf(call.callId, name) >= percentage)
    return `this call is not among its ${percentage} of a hundred`;
  return undefined;
}

/** The routes that are for a call, in their order: the first of them that has room decides. */
export function* matchingRoutes(routes: readonly CallRoute[], call: RoutedCall): Generator<CallRoute> {
  for (const route of routes) if (whyNot(route, call) === undefined) yield route;
}

const PHONE_NUMBER_PREFIX = '4:';

function isParty(pattern: string | undefined, { rawId, phoneNumber }: Party): boolean {
  if (pattern === undefined) return true;
  const names = [rawId];
  if (phoneNumber !== undefined) names.push(phoneNumber);
  if (rawId.startsWith(PHONE_NUMBER_PREFIX)) names.push(rawId.slice(PHONE_NUMBER_PREFIX.length));
  return names.some((name) => fits(pattern, name));
}

function missingHeader(kind: string, wanted: Headers, present: Headers): string | undefined {
  for (const [name, pattern] of Object.entries(wanted)) {
    const values = Object.entries(present).filter(([key]) => key.toLowerCase() === name.toLowerCase());
    if (!values.some(([, value]) => fits(pattern, value)))
      return `its ${kind} header ${name} is not ${pattern}`;
  }
  return undefined;
}

function fits(pattern: string, text: string): boolean {
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * Where a call stands among a hundred, from 0 to just below 100: always the same for one call and route, and for two routes
 * independent of each other. FNV-1a with the finalizer of MurmurHash3, since FNV alone spreads its last characters badly.
 */
export function percentileOf(callId: string, route: string): number {
  let hash = FNV_OFFSET;
  for (const char of `${callId}/${route}`) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), FNV_PRIME);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32) * 100;
}
