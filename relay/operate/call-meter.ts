/**
 * Measures one call from outside: at its socket and at its lanes. Session, lanes and speaker know nothing of it.
 *
 *     ACS ──frameIn──▶ session ──▶ lane: sendAudio … settled
 *     ACS ◀──socket.send── session ◀── lane: message
 */
import { type AudioFormat, bytesToMs } from '../../shared/audio/audio-format.ts';
import type { Clock } from '../../shared/base/clock.ts';
import { formatAudioData } from '../acs/acs-media.ts';
import type { OpenLaneConnection } from '../lane/lane-connection.ts';
import type { MediaSocket } from '../session/media-socket.ts';
import type { LatencyMetrics } from './latency-metrics.ts';

/** A longer silence is the end of what was said, not a tear in it. */
const TEAR_LIMIT_MS = 500;
const BASE64_CHARS = 4;
const BASE64_BYTES = 3;

const EMPTY_AUDIO = formatAudioData(new Uint8Array(0));
const AUDIO_START = EMPTY_AUDIO.slice(0, EMPTY_AUDIO.indexOf('"data"'));

export class CallMeter {
  readonly #hops: LatencyMetrics;
  readonly #clock: Clock;
  readonly #format: AudioFormat;
  #frameAtMs: number | undefined;
  #replyAtMs: number | undefined;
  #playoutEndMs: number | undefined;

  constructor(hops: LatencyMetrics, clock: Clock, format: AudioFormat) {
    this.#hops = hops;
    this.#clock = clock;
    this.#format = format;
  }

  /** Whether ACS has nothing of the workers' audio left to play. */
  get isQuiet(): boolean {
    return this.#playoutEndMs === undefined || this.#playoutEndMs <= this.#clock.elapsedMs();
  }

  /** A message of ACS has come. */
  frameIn(): void {
    this.#frameAtMs = this.#clock.elapsedMs();
  }

  /** The same lanes, measured. */
  lanes(open: OpenLaneConnection): OpenLaneConnection {
    return (target, listener) => {
      let audioSentAtMs: number | undefined;
      const connection = open(target, {
        ...listener,
        message: (message) => {
          this.#replyAtMs = this.#clock.elapsedMs();
          listener.message(message);
        },
        settled: (isAcked) => {
          if (isAcked && audioSentAtMs !== undefined)
            this.#hops.laneRoundTrip.observe(this.#clock.elapsedMs() - audioSentAtMs);
          audioSentAtMs = undefined;
          listener.settled(isAcked);
        },
      });
      const send = connection.sendAudio.bind(connection);
      connection.sendAudio = (packet) => {
        audioSentAtMs = this.#clock.elapsedMs();
        if (this.#frameAtMs !== undefined) this.#hops.frameToLane.observe(audioSentAtMs - this.#frameAtMs);
        send(packet);
      };
      return connection;
    };
  }

  /** The same socket, measured. */
  socket(socket: MediaSocket): MediaSocket {
    return {
      bufferedBytes: () => socket.bufferedBytes(),
      close: (code, reason) => socket.close(code, reason),
      send: (text) => {
        socket.send(text);
        if (text.startsWith(AUDIO_START)) this.#audioOut(text);
        else this.#playoutEndMs = undefined;
      },
    };
  }

  #audioOut(text: string): void {
    const nowMs = this.#clock.elapsedMs();
    if (this.#replyAtMs !== undefined) this.#hops.replyToAcs.observe(nowMs - this.#replyAtMs);
    // What is sent later was held back on purpose, or is the rest of the same reply.
    this.#replyAtMs = undefined;
    const endMs = this.#playoutEndMs;
    this.#hops.playout.observe(Math.max(0, (endMs ?? nowMs) - nowMs));
    const tornMs = endMs === undefined ? 0 : nowMs - endMs;
    if (tornMs > 0 && tornMs < TEAR_LIMIT_MS) {
      this.#hops.underruns += 1;
      this.#hops.underrunMs += tornMs;
    }
    this.#playoutEndMs = Math.max(nowMs, endMs ?? nowMs) + this.#audioMs(text);
  }

  #audioMs(text: string): number {
    const bytes = ((text.length - EMPTY_AUDIO.length) / BASE64_CHARS) * BASE64_BYTES;
    return bytesToMs(this.#format, Math.floor(bytes / 2) * 2);
  }
}
