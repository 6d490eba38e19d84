/** How long audio takes from hop to hop, over all calls of the process, in milliseconds. */
import { Histogram, type HistogramSnapshot } from '../base/histogram.ts';

/** For hops within the relay, which should take far less than a frame. */
const INNER_MS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 50, 100, 250, 1_000];
/** For the way through Web PubSub and a worker. */
const OUTER_MS = [5, 10, 20, 40, 60, 80, 100, 150, 200, 300, 500, 1_000, 2_500, 5_000, 15_000];
/** What people notice in a conversation. */
const SPEECH_MS = [300, 500, 700, 900, 1_100, 1_500, 2_000, 3_000, 5_000, 10_000, 30_000];
const PLAYOUT_MS = [0, 20, 50, 100, 200, 400, 1_000, 5_000, 30_000, 120_000];

export class LatencyMetrics {
  /** From a frame of ACS to the lane message with it. */
  readonly frameToLane = new Histogram(INNER_MS);
  /** From a lane message with audio to its acknowledgement. */
  readonly laneRoundTrip = new Histogram(OUTER_MS);
  /** From a worker's message to the next audio that goes to ACS. */
  readonly replyToAcs = new Histogram(INNER_MS);
  /** From the end of the caller's speech to the first audio of a worker's answer. */
  readonly speechLatency = new Histogram(SPEECH_MS);
  /** Audio that ACS still has to play when it gets more. An estimate: ACS reports nothing about it. */
  readonly playout = new Histogram(PLAYOUT_MS);
  #underruns = 0;
  #underrunMs = 0;

  /** ACS had nothing left to play for `ms` before more came. An estimate as well. */
  underrun(ms: number): void {
    this.#underruns += 1;
    this.#underrunMs += ms;
  }

  snapshot(): LatencySnapshot {
    return {
      frameToLane: this.frameToLane.snapshot(),
      laneRoundTrip: this.laneRoundTrip.snapshot(),
      replyToAcs: this.replyToAcs.snapshot(),
      speechLatency: this.speechLatency.snapshot(),
      playout: this.playout.snapshot(),
      underruns: this.#underruns,
      underrunMs: this.#underrunMs,
    };
  }
}

export interface LatencySnapshot {
  readonly frameToLane: HistogramSnapshot;
  readonly laneRoundTrip: HistogramSnapshot;
  readonly replyToAcs: HistogramSnapshot;
  readonly speechLatency: HistogramSnapshot;
  readonly playout: HistogramSnapshot;
  readonly underruns: number;
  readonly underrunMs: number;
}
