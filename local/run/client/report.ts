/** The report of a call: what the emulator measured, what the product counted, and what the audio itself says. */

import type { Audio } from '../../../shared/audio/wav.ts';
import type { CallReport as TelephoneReport } from '../../emulators/acs/control/call-report.ts';
import { align } from '../../phone/align.ts';
import { measureRoundTrip, type RoundTrip } from '../audio/round-trip.ts';
import type { ProductCall, TimelineEvent } from './control-api.ts';
import type { RelayCounts, WorkerCounts } from './counts-of-call.ts';

export interface ReportedEvent {
  /** Milliseconds after the telephone began to ring. */
  readonly atMs: number;
  readonly source: string;
  readonly type: string;
  /** Of a failure: its codes, and what ACS says about it. */
  readonly reason?: string;
  /** What a worker has published. */
  readonly text?: string;
}

type Outcome =
  /** The caller was heard, and hung up. */
  | 'completed'
  /** The application was heard, and hung up, or passed the call on. */
  | 'ended by the application'
  /** A route rejected or redirected the call. */
  | 'rejected'
  | 'redirected'
  /** No route was for the call, and nobody answered it. */
  | 'no route'
  /** A route was for the call, and nobody answered it. */
  | 'not answered'
  /** The caller hung up while it rang. */
  | 'abandoned'
  | 'no audio'
  | 'cut off';

interface Echo {
  readonly delayMs: number;
  /** Every sample that was said came back, once, in order. */
  readonly exact: boolean;
  /** How much of the end of what was said had not come back when the call ended. */
  readonly missingMs: number;
}

export interface CallReport {
  readonly callId?: string;
  readonly callConnectionId?: string;
  readonly from: string;
  readonly to: string;
  /** The route that decided. */
  readonly route?: string;
  /** Who ended the call, as the API says. */
  readonly endedBy?: string;
  /** From ringing to the answer. */
  readonly answeredMs?: number;
  /** From ringing to the first frame of the media socket. */
  readonly mediaStartedMs?: number;
  readonly framesToRelay: number;
  /** Messages with audio that came back; one may hold many frames. */
  readonly audioMessagesFromRelay: number;
  /** Audio that came back, in units of 20 ms. */
  readonly framesFromRelay: number;
  /** From the first frame sent to the first sample of the application that was heard; absent where none was heard. */
  readonly firstAudioMs?: number;
  /**
   * Between saying something and hearing what became of it, measured by comparing the two recordings; absent where
   * they do not resemble each other by more than chance.
   */
  readonly roundTripMs?: RoundTrip;
  /** The longest hole between the first and the last audio that was heard; absent where none was. */
  readonly longestGapMs?: number;
  readonly underruns: number;
  readonly stopAudioCount: number;
  /** What was said against what was heard, where the two are the same but for a delay (an echo). */
  readonly echo?: Echo;
  /** A worker on the call promises an echo. */
  readonly promisesEcho: boolean;
  /** What was said and heard is recorded, and was compared. */
  readonly isRecorded: boolean;
  /** How late the emulator itself was against its 20 ms deadlines, so that it is not taken for the product's doing. */
  readonly emulatorLatenessMs: { readonly p99: number; readonly max: number };
  readonly workers: readonly WorkerCounts[];
  readonly events: readonly ReportedEvent[];
  readonly outcome: Outcome;
}

export interface CallEvidence {
  readonly telephone: TelephoneReport;
  readonly product: ProductCall | undefined;
  readonly relay: RelayCounts | undefined;
  readonly said: Audio;
  readonly heard: Audio;
}

/** The audio of some calls is not recorded, as of those that the application places. */
type ReportedEvidence = Omit<CallEvidence, 'said' | 'heard'> & {
  readonly [Direction in 'said' | 'heard']: Audio | undefined;
};

/** Workers that promise to play back what they hear. */
const ECHO_WORKERS: readonly string[] = ['echo'];
/** Ends that an application chooses; where its streaming has failed, it had no choice. */
const ENDED_ON_PURPOSE: readonly string[] = ['hungUpByApplication', 'transferred', 'moved'];
/** How the relay counts what a worker says on a route with `speaks: false`. */
const ONLY_LISTENS = 'reply: the worker only listens';
const FRAME_MS = 20;
const DEFAULT_RATE_HZ = 16_000;
/** What agrees less than this (dB) is no echo but something else that the worker made. */
const ECHO_AGREEMENT_DB = 20;
/** Pieces are measured by their loudness, in whole milliseconds. */
const PIECES_OFF_MS = 2;

/** Everything came about that a call is made for. */
export function isSuccess({ outcome }: CallReport): boolean {
  return outcome === 'completed' || outcome === 'ended by the application';
}

export function compileReport({ telephone, product, relay, said, heard }: ReportedEvidence): CallReport {
  const { streams } = telephone;
  const sum = (of: (stream: (typeof streams)[number]) => number): number =>
    streams.reduce((total, stream) => total + of(stream), 0);
  const frameSamples = ((telephone.sampleRateHz ?? DEFAULT_RATE_HZ) * FRAME_MS) / 1_000;
  const { pieces, echo } = said && heard ? compared(said, heard) : {};
  // All pieces of an echo have its delay.
  const roundTripMs = echo ? { p50: echo.delayMs, p99: echo.delayMs, max: echo.delayMs, pieces: 1 } : pieces;
  const workers = relay?.workers ?? [];
  const promisesEcho =
    relay?.ignored[ONLY_LISTENS] === undefined && workers.some(({ name }) => ECHO_WORKERS.includes(name));
  return {
    ...(product && { callId: product.callId }),
    ...(product?.route !== undefined && { route: product.route }),
    ...(product?.endedBy !== undefined && { endedBy: product.endedBy }),
    from: partyOf(telephone.from),
    to: partyOf(telephone.to),
    ...(telephone.callConnectionId !== undefined && { callConnectionId: telephone.callConnectionId }),
    ...(telephone.answeredAtMs !== undefined && { answeredMs: telephone.answeredAtMs }),
    ...(telephone.mediaStartedMs !== undefined && { mediaStartedMs: telephone.mediaStartedMs }),
    framesToRelay: sum((stream) => stream.framesSent),
    audioMessagesFromRelay: sum((stream) => stream.audioMessagesReceived),
    framesFromRelay: Math.round(sum((stream) => stream.samplesReceived) / frameSamples),
    ...(telephone.firstAudioMs !== undefined && {
      firstAudioMs: telephone.firstAudioMs,
      longestGapMs: telephone.longestGapMs,
    }),
    ...(roundTripMs && { roundTripMs }),
    underruns: sum((stream) => stream.underruns),
    stopAudioCount: sum((stream) => stream.stopAudioCount),
    ...(echo && { echo }),
    promisesEcho,
    isRecorded: heard !== undefined,
    emulatorLatenessMs: {
      p99: Math.max(0, ...streams.map((stream) => stream.ownLatenessMs.p99)),
      max: Math.max(0, ...streams.map((stream) => stream.ownLatenessMs.max)),
    },
    workers,
    events: mergeEvents(telephone, product),
    outcome: outcomeOf(telephone, product, promisesEcho || !isListening(relay)),
  };
}

function compared(said: Audio, heard: Audio): { pieces?: RoundTrip | undefined; echo?: Echo | undefined } {
  if (heard.samples.every((sample) => sample === 0)) return {};
  const spoken = withoutTrailingSilence(said.samples);
  const pieces = measureRoundTrip(spoken, heard.samples, said.sampleRateHz);
  return { pieces, echo: echoOf(spoken, heard, pieces) };
}

/** A telephone number as people write it; the raw id of anybody else. */
export function partyOf(rawId: string): string {
  return rawId.startsWith('4:+') ? rawId.slice(2) : rawId;
}

function outcomeOf(
  { outcome, mediaStartedMs, firstAudioMs, callConnectionId }: TelephoneReport,
  product: ProductCall | undefined,
  mustSpeak: boolean,
): Outcome {
  if (callConnectionId === undefined) {
    if (outcome === 'rejected' || outcome === 'redirected') return outcome;
    if (outcome === 'abandonedByCaller') return 'abandoned';
    return product === undefined ? 'no route' : 'not answered';
  }
  if (mediaStartedMs === undefined || (firstAudioMs === undefined && mustSpeak)) return 'no audio';
  if (outcome === 'hungUpByCaller') return 'completed';
  return outcome !== undefined && ENDED_ON_PURPOSE.includes(outcome) && product?.streaming.state !== 'failed'
    ? 'ended by the application'
    : 'cut off';
}

/** The workers took what they were sent, and none of them wanted to say anything. */
function isListening(relay: RelayCounts | undefined): boolean {
  if (relay === undefined) return false;
  const isRefused = Object.keys(relay.ignored).some(
    (why) => why.startsWith('reply: ') && why !== ONLY_LISTENS,
  );
  return (
    !isRefused &&
    relay.workers.every(
      ({ chunksFailed, droppedMs, repliesPlayed }) =>
        chunksFailed === 0 && droppedMs === 0 && repliesPlayed === 0,
    )
  );
}

/**
 * Looks for what was said at the delay that pieces of it have, up to the end of the call, by which not all of it may
 * have come back; where no piece was measured, all of it is looked for everywhere.
 */
function echoOf(
  spoken: Int16Array,
  { samples, sampleRateHz }: Audio,
  pieces: RoundTrip | undefined,
): Echo | undefined {
  const perMs = sampleRateHz / 1_000;
  const from = pieces === undefined ? 0 : Math.max(0, pieces.p50 - PIECES_OFF_MS) * perMs;
  const reach = pieces === undefined ? samples.length : 2 * PIECES_OFF_MS * perMs;
  const returned = pieces === undefined ? spoken : spoken.subarray(0, samples.length - from);
  const room = new Int16Array(samples.length - from + reach);
  room.set(samples.subarray(from));
  const found = align(returned, room, reach);
  if (found === undefined || found.signalToErrorDb < ECHO_AGREEMENT_DB) return undefined;
  const offset = from + found.offset;
  const missingMs = Math.max(0, offset + spoken.length - samples.length) / perMs;
  return { delayMs: offset / perMs, exact: found.exact && missingMs === 0, missingMs };
}

/** What was said ends with the last sound; the silence in which the caller listened is no part of it. */
export function withoutTrailingSilence(samples: Int16Array): Int16Array {
  return samples.subarray(0, samples.findLastIndex((sample) => sample !== 0) + 1);
}

/** Events of the emulator and of the product on one time axis, in order. */
export function mergeEvents(telephone: TelephoneReport, product: ProductCall | undefined): ReportedEvent[] {
  const ringingAtMs = Date.parse(telephone.ringingAt);
  const network = telephone.events.map(({ atMs, type }) => ({ atMs, source: 'telephone network', type }));
  const own = (product?.timeline ?? []).map(({ atMs, source, type, details }) => ({
    atMs: Math.round(atMs - ringingAtMs),
    source: source === 'worker' ? `worker ${details?.['worker']}` : `control app (${source})`,
    type,
    ...reasonOf(details),
    ...(typeof details?.['text'] === 'string' ? { text: details['text'] } : {}),
  }));
  return [...network, ...own].toSorted((a, b) => a.atMs - b.atMs);
}

/** ACS sends codes with what succeeds, too. */
function reasonOf({ code, subCode, message }: NonNullable<TimelineEvent['details']> = {}): {
  reason?: string;
} {
  if (typeof code !== 'number' || code < FIRST_FAILURE) return {};
  const codes = [code, subCode].filter((each) => each !== undefined).join('/');
  return { reason: [codes, message].filter((each) => each !== undefined && each !== '').join(': ') };
}

const FIRST_FAILURE = 400;
