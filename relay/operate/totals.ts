/** Sums of call reports, for the metrics. */
import type { CallReport } from '../session/call-report.ts';
import type { WorkerReport } from '../workers/worker-link.ts';

/** What is summed up of each call, by its name in the report. */
const OF_CALLS = [
  'framesIn',
  'framesOut',
  'audioMsDropped',
  'stopAudioSent',
  'interruptions',
  'audioMsCut',
] as const satisfies readonly (keyof CallReport)[];

/** What is summed up of each worker of a call. */
const OF_WORKERS = [
  'chunksSent',
  'chunksAcked',
  'chunksFailed',
  'lostMs',
  'droppedMs',
  'eventsFailed',
  'repliesPlayed',
  'repliesIgnored',
  'reopened',
] as const satisfies readonly (keyof WorkerReport)[];

export type TotalName = (typeof OF_CALLS)[number] | (typeof OF_WORKERS)[number];

export type Totals = Record<TotalName, number> & { readonly ignored: Record<string, number> };

export function emptyTotals(): Totals {
  const zeros = Object.fromEntries([...OF_CALLS, ...OF_WORKERS].map((name) => [name, 0]));
  return { ...(zeros as Record<TotalName, number>), ignored: {} };
}

export function addReport(totals: Totals, report: CallReport): void {
  for (const name of OF_CALLS) totals[name] += report[name];
  for (const worker of report.workers) for (const name of OF_WORKERS) totals[name] += worker[name];
  for (const [reason, count] of Object.entries(report.ignored)) {
    totals.ignored[reason] = (totals.ignored[reason] ?? 0) + count;
  }
}
