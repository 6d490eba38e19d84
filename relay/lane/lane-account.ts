/** What became of what one lane has sent, for its report. */

import { LatencyStats } from '../base/latency-stats.ts';
import type { LaneReport } from '../session/call-report.ts';
import type { OutboxMessage } from './lane-outbox.ts';

export type LaneCounts = Omit<LaneReport, 'name' | 'state' | 'droppedMs'>;

export class LaneAccount {
  readonly #roundTrips = new LatencyStats();
  #opened = 0;
  #chunksSent = 0;
  #chunksAcked = 0;
  #chunksFailed = 0;
  #ackedMs = 0;
  #lostMs = 0;
  #eventsFailed = 0;

  /** Times that the lane was open. */
  get timesOpened(): number {
    return this.#opened;
  }

  opened(): void {
    this.#opened += 1;
  }

  sent({ kind }: OutboxMessage): void {
    if (kind === 'audio') this.#chunksSent += 1;
  }

  acked(message: OutboxMessage, tookMs: number): void {
    if (message.kind === 'event') return;
    this.#chunksAcked += 1;
    this.#ackedMs += message.ms;
    this.#roundTrips.add(tookMs);
  }

  failed(message: OutboxMessage): void {
    if (message.kind === 'event') {
      this.#eventsFailed += 1;
      return;
    }
    this.#chunksFailed += 1;
    this.#lostMs += message.ms;
  }

  /** `eventsDropped`: those that were never sent. */
  report(eventsDropped: number): LaneCounts {
    return {
      chunksSent: this.#chunksSent,
      chunksAcked: this.#chunksAcked,
      chunksFailed: this.#chunksFailed,
      ackedMs: Math.round(this.#ackedMs),
      lostMs: Math.round(this.#lostMs),
      eventsFailed: this.#eventsFailed + eventsDropped,
      reopened: Math.max(0, this.#opened - 1),
      roundTripMs: this.#roundTrips.report(),
    };
  }
}
