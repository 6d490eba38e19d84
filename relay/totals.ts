/** Sums of call reports, for the metrics. */
import type { CallReport } from './call-report.ts';

export interface Totals {
  framesIn: number;
  framesOut: number;
  audioMsDropped: number;
  stopAudioSent: number;
  interruptions: number;
  audioMsCut: number;
  chunksSent: number;
  chunksAcked: number;
  chunksFailed: number;
  lostMs: number;
  droppedMs: number;
  eventsFailed: number;
  repliesPlayed: number;
  repliesIgnored: number;
  lanesReopened: number;
  readonly ignored: Record<string, number>;
}

export function emptyTotals(): Totals {
  return {
    framesIn: 0,
    framesOut: 0,
    audioMsDropped: 0,
    stopAudioSent: 0,
    interruptions: 0,
    audioMsCut: 0,
    chunksSent: 0,
    chunksAcked: 0,
    chunksFailed: 0,
    lostMs: 0,
    droppedMs: 0,
    eventsFailed: 0,
    repliesPlayed: 0,
    repliesIgnored: 0,
    lanesReopened: 0,
    ignored: {},
  };
}

export function addReport(totals: Totals, report: CallReport): void {
  totals.framesIn += report.framesIn;
  totals.framesOut += report.framesOut;
  totals.audioMsDropped += report.audioMsDropped;
  totals.stopAudioSent += report.stopAudioSent;
  totals.interruptions += report.interruptions;
  totals.audioMsCut += report.audioMsCut;
  for (const worker of report.workers) {
    totals.chunksSent += worker.chunksSent;
    totals.chunksAcked += worker.chunksAcked;
    totals.chunksFailed += worker.chunksFailed;
    totals.lostMs += worker.lostMs;
    totals.droppedMs += worker.droppedMs;
    totals.eventsFailed += worker.eventsFailed;
    totals.repliesPlayed += worker.repliesPlayed;
    totals.repliesIgnored += worker.repliesIgnored;
    totals.lanesReopened += worker.reopened;
  }
  for (const [reason, count] of Object.entries(report.ignored)) {
    totals.ignored[reason] = (totals.ignored[reason] ?? 0) + count;
  }
}
