/** The report of a call in words, for the terminal. */
import type { CallReport, ReportedEvent } from './report.ts';

export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** A line for each event of a call. */
export function timelineInWords(events: readonly ReportedEvent[]): string {
  const width = Math.max(0, ...events.map(({ source }) => source.length));
  return events
    .map(({ atMs, source, type, reason, text }) => {
      const why = reason === undefined ? '' : ` (${reason})`;
      const said = text === undefined ? '' : `: ${oneLine(text)}`;
      return `${seconds(atMs).padStart(9)}  ${source.padEnd(width)}  ${type}${why}${said}`;
    })
    .join('\n');
}

/** A text without what would move the cursor of a terminal. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ').trim();
}

export function reportInWords(report: CallReport): string {
  const call = [
    ['call', report.callId ?? 'has no id: the control app does not know it'],
    ['outcome', outcome(report)],
    ...(report.endedBy === undefined ? [] : [['ended by', report.endedBy]]),
  ];
  return inRows(report.answeredMs === undefined ? call : [...call, ...answered(report)]);
}

/** Rows about a call that was answered. */
function answered(report: CallReport): string[][] {
  return [
    ['answered after', milliseconds(report.answeredMs)],
    ['media after', milliseconds(report.mediaStartedMs)],
    ['frames to the relay', String(report.framesToRelay)],
    ['frames from the relay', `${report.framesFromRelay} in ${report.audioMessagesFromRelay} messages`],
    ['first audio', firstAudio(report)],
    ['round trip', roundTrip(report)],
    ['longest gap', longestGap(report)],
    ...echo(report),
    ...report.workers.map((worker) => [
      `worker ${worker.name}`,
      `${worker.chunksAcked} of ${worker.chunksSent} chunks answered, ${worker.chunksFailed} failed; ` +
        `${milliseconds(worker.lostMs)} lost with them, ${milliseconds(worker.droppedMs)} dropped`,
    ]),
  ];
}

function inRows(rows: readonly string[][]): string {
  return rows.map(([name = '', value]) => `  ${name.padEnd(22)} ${value}`).join('\n');
}

function outcome({ outcome: found, route, from, to }: CallReport): string {
  switch (found) {
    case 'rejected':
    case 'redirected':
      return route === undefined ? found : `${found} by the route ${route}`;
    case 'no route':
      return `not answered: no route is for it (npm run routes -- explain --from ${from} --to ${to} says why)`;
    case 'not answered':
      return `not answered, although the route ${route} is for it`;
    case 'abandoned':
      return 'not answered: the caller hung up while it rang';
    case 'no audio':
      return 'no audio: nothing was heard that a worker said';
    case 'cut off':
      return 'cut off: the call ended before the caller hung up';
    case 'completed':
    case 'ended by the application':
      return found;
  }
}

function firstAudio({ firstAudioMs, mediaStartedMs, workers }: CallReport): string {
  if (firstAudioMs !== undefined) return `${milliseconds(firstAudioMs)} after the media`;
  if (mediaStartedMs === undefined) return 'none: no media was streamed';
  return workers.some(({ repliesPlayed }) => repliesPlayed > 0)
    ? 'none: what the workers said was not heard'
    : 'none: no worker said anything';
}

function roundTrip({ roundTripMs, firstAudioMs, isRecorded }: CallReport): string {
  if (!isRecorded) return 'not measured: the audio of this call is not recorded';
  if (firstAudioMs === undefined) return 'not measured: nothing was heard';
  if (roundTripMs === undefined)
    return 'not measured: what was heard is not what was said, as with every worker that answers in its own words';
  const { p50, p99, max, pieces } = roundTripMs;
  if (pieces === 1) return `${milliseconds(p50)}, all that was said as one piece`;
  return `p50 ${milliseconds(p50)}, p99 ${milliseconds(p99)}, max ${milliseconds(max)} of ${pieces} pieces of speech`;
}

function longestGap({ longestGapMs, underruns }: CallReport): string {
  if (longestGapMs === undefined) return 'not measured: nothing was heard';
  return `${milliseconds(longestGapMs)} (${underruns} underruns)`;
}

/** No line where none was promised and no exact one was heard. */
function echo({ echo: found, promisesEcho, firstAudioMs, isRecorded }: CallReport): string[][] {
  if (!isRecorded) return [];
  if (found === undefined) {
    const heard =
      firstAudioMs === undefined ? 'nothing was heard' : 'what was heard differs from what was said';
    return promisesEcho ? [['echo', `missing: ${heard}, and the worker echo promises the same`]] : [];
  }
  const { delayMs, exact, missingMs } = found;
  const later = `${milliseconds(delayMs)} later`;
  if (!exact && !promisesEcho) return [];
  if (exact) return [['echo', `every sample once, in order, bit-exact, ${later}`]];
  if (missingMs === 0) return [['echo', `not exact: samples are missing or changed, ${later}`]];
  return [['echo', `${later}; the call ended before the last ${milliseconds(missingMs)} came back`]];
}

function milliseconds(ms: number | undefined): string {
  return ms === undefined ? 'never' : `${Math.round(ms)} ms`;
}
