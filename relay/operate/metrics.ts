/** The metrics of this process in the text format of Prometheus, version 0.0.4. */
import type { HistogramSnapshot } from '../base/histogram.ts';
import type { LatencySnapshot } from './latency-metrics.ts';
import type { LoopDelay } from './loop-delay.ts';
import type { NoteTotals } from './note-office.ts';
import type { RelayTotals } from './relay-totals.ts';

interface MetricsSnapshot {
  readonly callsLive: number;
  readonly maxCalls: number;
  readonly callsStarted: number;
  readonly isReady: boolean;
  readonly queuedBytes: number;
  /** Resident memory of the process. */
  readonly residentBytes: number;
  /** Refused upgrades by HTTP status. */
  readonly refused: Readonly<Record<string, number>>;
  readonly notes: NoteTotals;
  readonly totals: RelayTotals;
  /** Of the last window. */
  readonly loopDelay: LoopDelay;
  readonly latencies: LatencySnapshot;
}

/** Counters that are sums of what the calls report. */
const TOTALS: readonly (readonly [
  name: string,
  help: string,
  total: Exclude<keyof RelayTotals, 'ignored'>,
])[] = [
  ['frames_in_total', 'Audio frames of 20 ms from ACS.', 'framesIn'],
  ['frames_out_total', 'Audio to ACS in units of 20 ms.', 'framesOut'],
  ['audio_dropped_ms_total', 'Audio of workers that ACS did not take in time.', 'audioMsDropped'],
  ['stop_audio_total', 'StopAudio messages sent.', 'stopAudioSent'],
  ['interruptions_total', 'Times that a worker was interrupted.', 'interruptions'],
  [
    'audio_cut_ms_total',
    'Audio that was interrupted or stopped before it was heard, or left over at the end of a stream, without what ACS had by then.',
    'audioMsCut',
  ],
  [
    'control_attempts_failed_total',
    'Attempts to hear who joins a call without workers that failed.',
    'controlAttemptsFailed',
  ],
  ['chunks_sent_total', 'Chunks sent to workers.', 'chunksSent'],
  ['chunks_acked_total', 'Chunks that workers answered.', 'chunksAcked'],
  ['chunks_failed_total', 'Chunks that failed or were not answered in time.', 'chunksFailed'],
  ['chunks_lost_ms_total', 'Audio of the failed chunks.', 'lostMs'],
  ['backlog_dropped_ms_total', 'Audio dropped because a worker was slow or away.', 'droppedMs'],
  ['events_failed_total', 'Events other than audio that failed.', 'eventsFailed'],
  ['replies_played_total', 'Replies of workers that were played.', 'repliesPlayed'],
  ['replies_ignored_total', 'Replies of workers that were not used.', 'repliesIgnored'],
  ['lanes_reopened_total', 'Lanes opened again after they had closed.', 'reopened'],
];

type Label = readonly [name: string, value: string];

export function formatMetrics(snapshot: MetricsSnapshot): string {
  const { totals, latencies } = snapshot;
  return [
    gauge('calls_live', 'Calls that are streamed now.', snapshot.callsLive),
    gauge('calls_max', 'Calls that this process takes at most.', snapshot.maxCalls),
    gauge('ready', 'Whether a further call would be taken.', snapshot.isReady ? 1 : 0),
    gauge('queued_bytes', 'Audio that waits for workers and for ACS.', snapshot.queuedBytes),
    gauge('resident_memory_bytes', 'Memory of the process.', snapshot.residentBytes),
    gauge(
      'loop_delay_p50_ms',
      'How late the event loop was in the last second, median.',
      snapshot.loopDelay.p50,
    ),
    gauge('loop_delay_p99_ms', 'The same, 99th percentile.', snapshot.loopDelay.p99),
    gauge('loop_delay_max_ms', 'The same, longest.', snapshot.loopDelay.max),
    counter('calls_started_total', 'Media streams accepted.', snapshot.callsStarted),
    counters('refused_total', 'Media streams refused before the upgrade.', 'status', snapshot.refused),
    ...TOTALS.map(([name, help, total]) => counter(name, help, totals[total])),
    counter('notes_stored_total', 'Texts of workers that timelines have taken.', snapshot.notes.stored),
    counters(
      'notes_dropped_total',
      'Texts of workers that are in no timeline.',
      'reason',
      snapshot.notes.dropped,
    ),
    counters('ignored_total', 'Messages that were not used.', 'reason', totals.ignored),
    histogram('frame_to_lane_ms', 'From a frame of ACS to the lane message with it.', latencies.frameToLane),
    histogram(
      'lane_round_trip_ms',
      'From a lane message with audio to its acknowledgement.',
      latencies.laneRoundTrip,
    ),
    histogram('reply_to_acs_ms', 'From a message of a worker to the audio sent next.', latencies.replyToAcs),
    histogram(
      'speech_latency_ms',
      "From the end of the caller's speech to the first audio of an answer.",
      latencies.speechLatency,
    ),
    histogram(
      'playout_ms',
      'Audio that ACS still has to play when more is sent, estimated.',
      latencies.playout,
    ),
    counter(
      'underruns_total',
      'Times that ACS ran dry between two pieces of audio, estimated.',
      latencies.underruns,
    ),
    counter('underrun_ms_total', 'How long it did.', latencies.underrunMs),
  ].join('');
}

function gauge(name: string, help: string, value: number): string {
  return `${head(name, help, 'gauge')}${line(name, value)}`;
}

function counter(name: string, help: string, value: number): string {
  return `${head(name, help, 'counter')}${line(name, value)}`;
}

function counters(
  name: string,
  help: string,
  label: string,
  values: Readonly<Record<string, number>>,
): string {
  const lines = Object.entries(values).map(([key, value]) => line(name, value, [label, key]));
  return head(name, help, 'counter') + lines.join('');
}

function histogram(name: string, help: string, { buckets, sum, count }: HistogramSnapshot): string {
  const lines = buckets.map(({ bound, count: below }) =>
    line(`${name}_bucket`, below, ['le', String(bound)]),
  );
  return [
    head(name, help, 'histogram'),
    ...lines,
    line(`${name}_bucket`, count, ['le', '+Inf']),
    line(`${name}_sum`, sum),
    line(`${name}_count`, count),
  ].join('');
}

function head(name: string, help: string, type: 'counter' | 'gauge' | 'histogram'): string {
  return `# HELP trunkline_relay_${name} ${help}\n# TYPE trunkline_relay_${name} ${type}\n`;
}

function line(name: string, value: number, label?: Label): string {
  const labels = label === undefined ? '' : `{${label[0]}="${escaped(label[1])}"}`;
  return `trunkline_relay_${name}${labels} ${value}\n`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
