/** Which gaps a comparison may have: those that relay and ACS emulator report of the call, and no other. */
import type { GapComparison } from './compare-with-gaps.ts';

/** What the emulator reports of the caller's side. Times in milliseconds. */
export interface HeardReport {
  /** From the first frame of media to the first audio of the application that was heard. */
  readonly firstAudioMs?: number | undefined;
  /** Holes between the first and the last audio of the application that was heard, all together. */
  readonly gapsMs: number;
  readonly streams: readonly {
    readonly framesSent: number;
    readonly framesDropped: number;
    /** Audio of the application that has not been played, at the end of a stream. */
    readonly playoutQueueMs: number;
  }[];
}

/** What the relay reports of the same call. */
export interface RelayReport {
  readonly streams: number;
  readonly framesIn: number;
  readonly audioMsFiller: number;
  readonly audioMsDropped: number;
  readonly audioMsCut: number;
  readonly workers: readonly {
    readonly droppedMs: number;
    readonly lostMs: number;
    readonly repliesIgnoredMs: number;
    /** Of that, what `audioMsDropped` has, too. */
    readonly repliesRefusedMs: number;
  }[];
}

interface ReportedGaps {
  /** Silence that may be heard within the audio. */
  readonly silenceMs: number;
  /** Audio that may be missing. */
  readonly lostMs: number;
}

const FRAME_MS = 20;
/** Reports are whole milliseconds. */
const ROUNDING_MS = 1;

/** What is reported of a call in which the expected audio begins at `startMs` of what was heard. */
export function reportedGaps(
  { startMs }: Pick<GapComparison, 'startMs'>,
  { firstAudioMs, gapsMs, streams }: HeardReport,
  relay: RelayReport | undefined,
): ReportedGaps {
  const filler = relay?.audioMsFiller ?? 0;
  const aheadMs = Math.max(0, startMs - (firstAudioMs ?? 0));
  const workers = relay?.workers ?? [];
  return {
    silenceMs: gapsMs + filler - firstFillerMs(filler, aheadMs),
    lostMs:
      (relay?.audioMsDropped ?? 0) +
      workers.reduce(
        (sum, each) => sum + each.droppedMs + each.lostMs + each.repliesIgnoredMs - each.repliesRefusedMs,
        0,
      ) +
      streams.reduce((sum, { framesDropped }) => sum + framesDropped * FRAME_MS, 0) +
      lostBetweenMs(streams, relay),
  };
}

/** Audio that was on its way when a stream ended and another one took over, in either direction. */
function lostBetweenMs(streams: HeardReport['streams'], relay: RelayReport | undefined): number {
  if (relay === undefined || relay.streams < 2) return 0;
  const sent = streams.reduce((sum, { framesSent }) => sum + framesSent, 0);
  const unplayedMs = streams.slice(0, -1).reduce((sum, { playoutQueueMs }) => sum + playoutQueueMs, 0);
  return Math.max(0, sent - relay.framesIn) * FRAME_MS + relay.audioMsCut + unplayedMs;
}

/**
 * The relay plays filler ahead of a first reply, always the same length of it, and again after a tear. What it plays
 * before everything else is no gap: the longest that fits into the silence heard before the audio.
 */
function firstFillerMs(fillerMs: number, aheadMs: number): number {
  return aheadMs === 0 ? 0 : fillerMs / Math.max(1, Math.ceil(fillerMs / aheadMs));
}

interface GapVerdict {
  readonly agrees: boolean;
  /** How many gaps there are, and how much of them is reported. */
  readonly words: string;
}

/** Whether the audio agrees by so many dB, but for gaps that are reported. */
export function judgeGaps(
  { gaps, silenceMs, lostMs, signalToErrorDb }: GapComparison,
  reported: ReportedGaps,
  leastDb: number,
): GapVerdict {
  const agrees =
    signalToErrorDb >= leastDb &&
    silenceMs <= reported.silenceMs + ROUNDING_MS &&
    lostMs <= reported.lostMs + ROUNDING_MS;
  const of = (found: number, told: number): string =>
    `${Math.round(found)} ms (reported: ${Math.round(told)} ms)`;
  const db = Number.isFinite(signalToErrorDb) ? `${signalToErrorDb.toFixed(1)} dB` : 'every sample agrees';
  return {
    agrees,
    words: `${gaps.length} ${gaps.length === 1 ? 'gap' : 'gaps'}, silence put in: ${of(silenceMs, reported.silenceMs)}, audio not heard: ${of(lostMs, reported.lostMs)}; the rest: ${db}`,
  };
}
