/** The report of a call: what the emulator measured, what the product counted, and what the audio itself says. */

import type { Audio } from '../../../shared/audio/wav.ts';
import type { CallReport as TelephoneReport } from '../../emulators/acs/control/call-report.ts';
import { type Alignment, align } from '../../phone/align.ts';
import { measureRoundTrip, type RoundTrip } from '../audio/round-trip.ts';
import type { ProductCall, RelayCounts, WorkerCounts } from './control-api.ts';

export interface ReportedEvent {
  /** Milliseconds after the telephone began to ring. */
  readonly atMs: number;
  readonly source: string;
  readonly type: string;
}

type Outcome = 'completed' | 'not answered' | 'no audio' | 'cut off';

export interface CallReport {
  readonly callId?: string;
  readonly callConnectionId?: string;
  /** From ringing to the answer. */
  readonly answeredMs?: number;
  /** From ringing to the first frame of the media socket. */
  readonly mediaStartedMs?: number;
  readonly framesToRelay: number;
  /** Messages with audio that came back; one may hold many frames. */
  readonly audioMessagesFromRelay: number;
  /** Audio that came back, in units of 20 ms. */
  readonly framesFromRelay: number;
  /** From the first frame sent to the first sample of the application that was heard. */
  readonly firstAudioMs?: number;
  /** Between saying something and hearing what became of it, measured by comparing the two recordings. */
  readonly roundTripMs?: RoundTrip;
  /** The longest hole between the first and the last audio that was heard. */
  readonly longestGapMs: number;
  readonly underruns: number;
  readonly stopAudioCount: number;
  /** What was said against what was heard, where the two are the same but for a delay (an echo). */
  readonly echo?: { readonly delayMs: number; readonly exact: boolean };
  /** How late the emulator itself was against its 20 ms deadlines, so that it is not taken for the product's doing. */
  readonly standInLatenessMs: { readonly p99: number; readonly max: number };
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

/** The longest delay at which an echo is looked for, in milliseconds. */
const MAX_ECHO_DELAY_MS = 5_000;
const FRAME_MS = 20;
/** What agrees less than this (dB) is no echo but something else that the worker made. */
const ECHO_AGREEMENT_DB = 20;

export function compileReport({ telephone, product, relay, said, heard }: CallEvidence): CallReport {
  const { streams } = telephone;
  const sum = (of: (stream: (typeof streams)[number]) => number): number =>
    streams.reduce((total, stream) => total + of(stream), 0);
  const frameSamples = (heard.sampleRateHz * FRAME_MS) / 1_000;
  const roundTripMs = measureRoundTrip(said.samples, heard.samples, said.sampleRateHz);
  const echo = echoOf(said, heard);
  return {
    ...(product && { callId: product.callId }),
    ...(telephone.callConnectionId !== undefined && { callConnectionId: telephone.callConnectionId }),
    ...(telephone.answeredAtMs !== undefined && { answeredMs: telephone.answeredAtMs }),
    ...(telephone.mediaStartedMs !== undefined && { mediaStartedMs: telephone.mediaStartedMs }),
    framesToRelay: sum((stream) => stream.framesSent),
    audioMessagesFromRelay: sum((stream) => stream.audioMessagesReceived),
    framesFromRelay: Math.round(sum((stream) => stream.samplesReceived) / frameSamples),
    ...(telephone.firstAudioMs !== undefined && { firstAudioMs: telephone.firstAudioMs }),
    ...(roundTripMs && { roundTripMs }),
    longestGapMs: telephone.longestGapMs,
    underruns: sum((stream) => stream.underruns),
    stopAudioCount: sum((stream) => stream.stopAudioCount),
    ...(echo && { echo: { delayMs: (echo.offset / said.sampleRateHz) * 1_000, exact: echo.exact } }),
    standInLatenessMs: {
      p99: Math.max(0, ...streams.map((stream) => stream.ownLatenessMs.p99)),
      max: Math.max(0, ...streams.map((stream) => stream.ownLatenessMs.max)),
    },
    workers: relay?.workers ?? [],
    events: mergeEvents(telephone, product),
    outcome: outcomeOf(telephone),
  };
}

function outcomeOf({ outcome, mediaStartedMs, firstAudioMs, callConnectionId }: TelephoneReport): Outcome {
  if (callConnectionId === undefined) return 'not answered';
  if (mediaStartedMs === undefined || firstAudioMs === undefined) return 'no audio';
  return outcome === 'hungUpByCaller' ? 'completed' : 'cut off';
}

function echoOf(said: Audio, heard: Audio): Alignment | undefined {
  const spoken = withoutTrailingSilence(said.samples);
  const found = align(spoken, heard.samples, (MAX_ECHO_DELAY_MS * said.sampleRateHz) / 1_000);
  return found !== undefined && found.signalToErrorDb >= ECHO_AGREEMENT_DB ? found : undefined;
}

/** What was said ends with the last sound; the silence in which the caller listened is no part of it. */
export function withoutTrailingSilence(samples: Int16Array): Int16Array {
  return samples.subarray(0, samples.findLastIndex((sample) => sample !== 0) + 1);
}

/** Events of the emulator and of the product on one time axis, in order. */
export function mergeEvents(telephone: TelephoneReport, product: ProductCall | undefined): ReportedEvent[] {
  const ringingAtMs = Date.parse(telephone.ringingAt);
  const network = telephone.events.map(({ atMs, type }) => ({ atMs, source: 'telephone network', type }));
  const own = (product?.timeline ?? []).map(({ atMs, source, type }) => ({
    atMs: Math.round(atMs - ringingAtMs),
    source: `control app (${source})`,
    type,
  }));
  return [...network, ...own].toSorted((a, b) => a.atMs - b.atMs);
}
