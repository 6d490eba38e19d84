/** Counts what one lane sends and what becomes of it, for the lane's report. */
import { type LatencyReport, LatencyStats } from '../base/latency-stats.ts';
import type { LaneState } from './lane-machine.ts';
import type { OutboxMessage } from './lane-outbox.ts';

export interface LaneReport {
  readonly name: string;
  readonly state: LaneState;
  readonly chunksSent: number;
  readonly chunksAcked: number;
  /** Chunks that were not acknowledged, or not in time. */
  readonly chunksFailed: number;
  /** Audio that the worker has acknowledged or taken. Audio in chunks is acknowledged, lost or dropped. */
  readonly ackedMs: number;
  /** Audio of the failed chunks. */
  readonly lostMs: number;
  /** Audio that was never sent because the worker was too slow or out of reach. */
  readonly droppedMs: number;
  readonly eventsFailed: number;
  /** How often the lane was opened again after its connection was lost. */
  readonly reopened: number;
  /** From sending a chunk to its acknowledgement, in milliseconds. */
  readonly roundTripMs: LatencyReport;
}

type LaneCounts = Omit<LaneReport, 'name' | 'state' | 'droppedMs'>;

export class LaneStats {
  readonly #roundTrips = new LatencyStats();
  #opened = 0;
  #chunksSent = 0;
  #chunksAcked = 0;
  #chunksFailed = 0;
  #ackedMs = 0;
  #lostMs = 0;
  #eventsFailed = 0;

  /** How often the lane has opened. */
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

  /** The message is on its way, and nobody acknowledges it. */
  delivered(message: OutboxMessage): void {
    if (message.kind === 'event') return;
    this.#chunksAcked += 1;
    this.#ackedMs += message.ms;
  }

  failed(message: OutboxMessage): void {
    if (message.kind === 'event') {
      this.#eventsFailed += 1;
      return;
    }
    this.#chunksFailed += 1;
    this.#lostMs += message.ms;
  }

  /** @param eventsDropped events that were never sent */
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
