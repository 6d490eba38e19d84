/**
 * The way into the call: everything that is played goes through here, in the order in which it comes. With several
 * workers that speak, the first to come is the first to be heard; nobody is given the floor yet.
 *
 * Audio is passed on as it comes and not paced, since ACS queues it and plays it in real time. When ACS has nothing left
 * to play, `jitterBufferMs` of silence goes ahead of a streamed reply in the same write: the next reply may then be late by
 * as much without a tear, and no timer is needed.
 */
import {
  AUDIO_FORMATS,
  type AudioFormat,
  bytesToMs,
  FRAME_MS,
  msToBytes,
} from '../shared/core/audio-format.ts';
import { PlayoutClock } from '../shared/core/playout-clock.ts';
import { formatAudioData, formatStopAudio } from '../shared/protocol/acs-media.ts';
import type { Clock } from './clock.ts';
import type { MediaSocket } from './media-socket.ts';

/** Longest audio in one message: 64,000 characters of base64 at 24 kHz, and ACS documents data packets of 64 KB. */
export const MAX_MESSAGE_MS = 1_000;
/** Bytes that may wait in the socket; audio beyond it is dropped. */
export const MAX_SOCKET_BUFFER_BYTES = 1024 * 1024;
/** Audio that ACS may have to play; audio beyond it is dropped, since a worker that runs ahead so far has run away. */
export const MAX_PLAYOUT_MS = 10 * 60_000;

export interface SpeakerReport {
  readonly audioMsOut: number;
  readonly audioMsDropped: number;
  readonly stopAudioSent: number;
}

/** What became of a piece of audio. Dropped: some of it, or all. */
export type SpeakOutcome = 'played' | 'socket is full' | 'playout is full' | 'call has ended';

export class Speaker {
  readonly #socket: MediaSocket;
  readonly #format: AudioFormat;
  readonly #jitterBuffer: Uint8Array;
  readonly #clock: Clock;
  readonly #playout = new PlayoutClock();
  #isClosed = false;
  #bytesOut = 0;
  #bytesDropped = 0;
  #stopAudioSent = 0;

  constructor(options: { socket: MediaSocket; format: AudioFormat; jitterBufferMs: number; clock: Clock }) {
    this.#socket = options.socket;
    this.#format = options.format;
    const frames = Math.ceil(options.jitterBufferMs / FRAME_MS);
    this.#jitterBuffer = new Uint8Array(frames * AUDIO_FORMATS[options.format].frameBytes);
    this.#clock = options.clock;
  }

  /** Plays PCM16 in the call's format. `streamed`: more is to follow without a gap, so that it deserves a jitter buffer. */
  speak(pcm: Uint8Array, kind: 'streamed' | 'whole'): SpeakOutcome {
    if (this.#isClosed) return 'call has ended';
    const nowMs = this.#clock.elapsedMs();
    const queuedMs = this.#playout.queuedMs(nowMs);
    const needsBuffer = kind === 'streamed' && queuedMs === 0 && this.#jitterBuffer.byteLength > 0;
    const audio = needsBuffer ? Buffer.concat([this.#jitterBuffer, pcm]) : pcm;
    if (queuedMs + bytesToMs(this.#format, audio.byteLength) > MAX_PLAYOUT_MS) {
      this.#bytesDropped += pcm.byteLength;
      return 'playout is full';
    }
    return this.#write(audio, nowMs);
  }

  /** Drops what ACS has not played yet. False when the call has ended, so that there is nothing to drop. */
  stop(): boolean {
    if (this.#isClosed) return false;
    this.#playout.stopped(this.#clock.elapsedMs());
    this.#socket.send(formatStopAudio());
    this.#stopAudioSent += 1;
    return true;
  }

  /** Nothing is played from now on. Idempotent. */
  close(): void {
    this.#isClosed = true;
  }

  report(): SpeakerReport {
    return {
      audioMsOut: Math.round(bytesToMs(this.#format, this.#bytesOut)),
      audioMsDropped: Math.round(bytesToMs(this.#format, this.#bytesDropped)),
      stopAudioSent: this.#stopAudioSent,
    };
  }

  #write(audio: Uint8Array, nowMs: number): SpeakOutcome {
    const step = msToBytes(this.#format, MAX_MESSAGE_MS);
    for (let at = 0; at < audio.byteLength; at += step) {
      if (this.#socket.bufferedBytes() > MAX_SOCKET_BUFFER_BYTES) {
        this.#bytesDropped += audio.byteLength - at;
        return 'socket is full';
      }
      const piece = audio.subarray(at, at + step);
      this.#socket.send(formatAudioData(piece));
      this.#bytesOut += piece.byteLength;
      this.#playout.sent(bytesToMs(this.#format, piece.byteLength), nowMs);
    }
    return 'played';
  }
}
