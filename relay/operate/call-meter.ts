/**
 * Measures one call from outside, in wrappers around its ports; session, lanes and playout know nothing of it.
 *
 *     ACS ──frameIn──▶ session ──▶ lane: sendAudio … settled, or publish
 *     ACS ◀──play, stopAudio── session ◀── lane: message
 */
import { type AudioFormat, bytesToMs } from '../../shared/audio/audio-format.ts';
import type { Clock } from '../../shared/base/clock.ts';
import type { LaneConnection, LanePublication, OpenLaneConnection } from '../lane/lane-connection.ts';
import type { CloseCause } from '../session/close-cause.ts';
import type { MediaPort } from '../session/session-options.ts';
import { LaneWrapper, wrapListener } from './lane-wrapper.ts';
import type { LatencyMetrics } from './latency-metrics.ts';

/** A longer silence is the end of a reply, not a gap in it. */
const TEAR_LIMIT_MS = 500;

export class CallMeter {
  readonly #metrics: LatencyMetrics;
  readonly #clock: Clock;
  readonly #format: AudioFormat;
  #frameAtMs: number | undefined;
  #replyAtMs: number | undefined;
  #playoutEndMs: number | undefined;

  constructor(metrics: LatencyMetrics, clock: Clock, format: AudioFormat) {
    this.#metrics = metrics;
    this.#clock = clock;
    this.#format = format;
  }

  /** Whether ACS has played all the audio of the workers. */
  get isQuiet(): boolean {
    return this.#playoutEndMs === undefined || this.#playoutEndMs <= this.#clock.elapsedMs();
  }

  /** A message of ACS came at `nowMs`, on the clock's `elapsedMs`. */
  frameIn(nowMs: number): void {
    this.#frameAtMs = nowMs;
  }

  /** A lane sends audio that came with the newest frame. Returns when that was. */
  audioToLane(): number {
    const nowMs = this.#clock.elapsedMs();
    if (this.#frameAtMs !== undefined) this.#metrics.frameToLane.observe(nowMs - this.#frameAtMs);
    return nowMs;
  }

  /** Opens lanes whose messages count. */
  lanes(open: OpenLaneConnection): OpenLaneConnection {
    return (target, listener) => {
      const taps = wrapListener(listener, {
        message: (message) => {
          this.#replyAtMs = this.#clock.elapsedMs();
          listener.message(message);
        },
        settled: (isAcked) => {
          const sentAtMs = lane.settle();
          if (isAcked && sentAtMs !== undefined)
            this.#metrics.laneRoundTrip.observe(this.#clock.elapsedMs() - sentAtMs);
          listener.settled(isAcked);
        },
      });
      const lane = new MeteredLane(open(target, taps), this);
      return lane;
    };
  }

  /** A port whose audio counts on its way to `media`. */
  media(media: MediaPort): MediaPort {
    return {
      play: (pcm) => {
        media.play(pcm);
        this.#audioOut(pcm.byteLength);
      },
      stopAudio: () => {
        media.stopAudio();
        this.#playoutEndMs = undefined;
      },
      bufferedBytes: () => media.bufferedBytes(),
      close: (cause: CloseCause) => media.close(cause),
    };
  }

  #audioOut(bytes: number): void {
    const nowMs = this.#clock.elapsedMs();
    if (this.#replyAtMs !== undefined) this.#metrics.replyToAcs.observe(nowMs - this.#replyAtMs);
    // Audio that leaves later was held back on purpose, or is the rest of the same reply.
    this.#replyAtMs = undefined;
    const endMs = this.#playoutEndMs;
    this.#metrics.playout.observe(Math.max(0, (endMs ?? nowMs) - nowMs));
    const tornMs = endMs === undefined ? 0 : nowMs - endMs;
    if (tornMs > 0 && tornMs < TEAR_LIMIT_MS) this.#metrics.underrun(tornMs);
    this.#playoutEndMs = Math.max(nowMs, endMs ?? nowMs) + bytesToMs(this.#format, bytes);
  }
}

class MeteredLane extends LaneWrapper {
  readonly #meter: CallMeter;
  #audioSentAtMs: number | undefined;

  constructor(connection: LaneConnection, meter: CallMeter) {
    super(connection);
    this.#meter = meter;
  }

  override sendAudio(packet: Uint8Array<ArrayBuffer>): void {
    this.#audioSentAtMs = this.#meter.audioToLane();
    this.connection.sendAudio(packet);
  }

  /** Nobody acknowledges what is published, so it has no round trip. */
  override publish(message: LanePublication): boolean {
    const isPublished = super.publish(message);
    if (isPublished && message instanceof Uint8Array) this.#meter.audioToLane();
    return isPublished;
  }

  /** What was in flight is settled; returns when it was sent if it was audio. */
  settle(): number | undefined {
    const sentAtMs = this.#audioSentAtMs;
    this.#audioSentAtMs = undefined;
    return sentAtMs;
  }
}
