/** Adds call reports up, for the metrics. */
import type { CallReport } from '../session/call-report.ts';
import type { WorkerReport } from '../workers/worker-link.ts';

/** The members of a call's report that are added up. */
const OF_CALLS = [
  'framesIn',
  'framesOut',
  'audioMsDropped',
  'stopAudioSent',
  'interruptions',
  'audioMsCut',
  'controlAttemptsFailed',
] as const satisfies readonly (keyof CallReport)[];

/** The members of a worker's report that are added up. */
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

type TotalName = (typeof OF_CALLS)[number] | (typeof OF_WORKERS)[number];

export type RelayTotals = Record<TotalName, number> & { readonly ignored: Record<string, number> };

export function emptyTotals(): RelayTotals {
  const zeros = Object.fromEntries([...OF_CALLS, ...OF_WORKERS].map((name) => [name, 0]));
  return { ...(zeros as Record<TotalName, number>), ignored: {} };
}

export function addReport(totals: RelayTotals, report: CallReport): void {
  for (const name of OF_CALLS) totals[name] += report[name];
  for (const worker of report.workers) for (const name of OF_WORKERS) totals[name] += worker[name];
  for (const [reason, count] of Object.entries(report.ignored)) {
    totals.ignored[reason] = (totals.ignored[reason] ?? 0) + count;
  }
}
