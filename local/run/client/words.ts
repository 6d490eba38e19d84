/** The report of a call in words, for the terminal. */
import type { CallReport, ReportedEvent } from './report.ts';

export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** A line for each event of a call. */
export function timelineInWords(events: readonly ReportedEvent[]): string {
  const width = Math.max(0, ...events.map(({ source }) => source.length));
  return events
    .map(({ atMs, source, type }) => `${seconds(atMs).padStart(9)}  ${source.padEnd(width)}  ${type}`)
    .join('\n');
}

export function reportInWords(report: CallReport): string {
  return [
    ['outcome', report.outcome],
    ['answered after', milliseconds(report.answeredMs)],
    ['media after', milliseconds(report.mediaStartedMs)],
    ['frames to the relay', String(report.framesToRelay)],
    ['frames from the relay', `${report.framesFromRelay} in ${report.audioMessagesFromRelay} messages`],
    ['first audio after', milliseconds(report.firstAudioMs)],
    ['round trip', roundTrip(report)],
    ['longest gap', `${milliseconds(report.longestGapMs)} (${report.underruns} underruns)`],
    ['echo', echo(report)],
    ...report.workers.map((worker) => [
      `worker ${worker.name}`,
      `${worker.chunksAcked} of ${worker.chunksSent} chunks answered, ${worker.chunksFailed} failed; ` +
        `${milliseconds(worker.lostMs)} lost with them, ${milliseconds(worker.droppedMs)} dropped`,
    ]),
  ]
    .map(([name = '', value]) => `  ${name.padEnd(22)} ${value}`)
    .join('\n');
}

function roundTrip({ roundTripMs }: CallReport): string {
  if (roundTripMs === undefined) return 'not measurable: what was heard does not resemble what was said';
  const { p50, p99, max } = roundTripMs;
  return `p50 ${milliseconds(p50)}, p99 ${milliseconds(p99)}, max ${milliseconds(max)}`;
}

function echo({ echo: found }: CallReport): string {
  if (found === undefined) return 'none: what was heard differs from what was said';
  const which = found.exact
    ? 'every sample once, in order, bit-exact'
    : 'not exact: samples are missing or changed';
  return `${which}, ${milliseconds(found.delayMs)} later`;
}

function milliseconds(ms: number | undefined): string {
  return ms === undefined ? 'never' : `${Math.round(ms)} ms`;
}
