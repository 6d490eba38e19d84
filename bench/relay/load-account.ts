/** The account of a load: how late things were, and how much there was of them. */
import { createHistogram } from 'node:perf_hooks';
import type { LaneTraffic, Percentiles } from './messages.ts';

/** What Web PubSub is paid by. */
const UNIT_BYTES = 2_048;
const MICROSECONDS = 1_000;

export class Times {
  readonly #histogram = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 });

  add(ms: number): void {
    this.#histogram.record(Math.max(1, Math.round(ms * MICROSECONDS)));
  }

  reset(): void {
    this.#histogram.reset();
  }

  get percentiles(): Percentiles {
    const { count } = this.#histogram;
    if (count === 0) return { count: 0, p50: 0, p99: 0, max: 0 };
    return {
      count,
      p50: this.#histogram.percentile(50) / MICROSECONDS,
      p99: this.#histogram.percentile(99) / MICROSECONDS,
      max: this.#histogram.max / MICROSECONDS,
    };
  }
}

export class LoadAccount {
  readonly latency = new Times();
  readonly toLane = new Times();
  readonly fromLane = new Times();
  readonly heard = new Times();
  readonly stop = new Times();
  readonly ownLateness = new Times();
  sent = 0;
  refused = 0;
  returned = 0;
  #lanes: LaneTraffic = { messages: 0, units: 0, bytes: 0 };

  get lanes(): LaneTraffic {
    return this.#lanes;
  }

  /** A message of a worker, or for it, with a body of so many bytes. */
  laneMessage(bytes: number): void {
    if (bytes === 0) return;
    const { messages, units, bytes: before } = this.#lanes;
    this.#lanes = {
      messages: messages + 1,
      units: units + Math.ceil(bytes / UNIT_BYTES),
      bytes: before + bytes,
    };
  }

  reset(): void {
    for (const times of [this.latency, this.toLane, this.fromLane, this.heard, this.stop, this.ownLateness])
      times.reset();
    this.sent = 0;
    this.refused = 0;
    this.returned = 0;
    this.#lanes = { messages: 0, units: 0, bytes: 0 };
  }
}
