/** The audio of a worker that listens in chunks: the oldest first, a participant at a time. */
import { AUDIO_FORMATS, type AudioFormat, bytesToMs } from '../../shared/audio/audio-format.ts';
import { RTP_HEADER_BYTES } from '../../shared/wire/lane/rtp.ts';
import { Chunker } from './chunker.ts';
import type { AudioFrame, AudioPiece, WorkerAudio } from './worker-audio.ts';

/** Longest audio in one event: at 24 kHz it is 640,000 characters of base64, and Web PubSub takes messages of 1 MB. */
const MAX_CHUNK_MS = 10_000;

interface ChunkAudioOptions {
  readonly format: AudioFormat;
  readonly chunkMs: number;
  /** How much audio of a participant may wait, in milliseconds; the oldest is dropped beyond it. */
  readonly maxBacklogMs: number;
}

export class ChunkAudio implements WorkerAudio {
  readonly #options: ChunkAudioOptions;
  readonly #chunkers = new Map<number, Chunker>();
  #isDiscarded = false;
  #discardedMs = 0;
  /** The end of the newest audio, in samples. */
  #heard = 0;
  /** How far the stream has come, in samples: the end of the newest audio, or further by the clock. */
  #position = 0;

  constructor(options: ChunkAudioOptions) {
    this.#options = options;
  }

  get queuedBytes(): number {
    return this.#sum((chunker) => chunker.queuedBytes);
  }

  get droppedMs(): number {
    return this.#discardedMs + this.#sum((chunker) => chunker.droppedMs);
  }

  push({ ssrc, pcm, timestamp }: AudioFrame): void {
    const { format } = this.#options;
    if (this.#isDiscarded) {
      this.#discardedMs += bytesToMs(format, pcm.byteLength);
      return;
    }
    const chunker = this.#chunkers.get(ssrc) ?? this.#newChunker(ssrc);
    chunker.push(pcm, timestamp);
    this.#heard = Math.max(this.#heard, timestamp + AUDIO_FORMATS[format].frameSamples);
    // A frame knows better than the clock where the stream is: after a stall the stream goes on where it stopped.
    this.#position = this.#heard;
  }

  advance(position: number): void {
    this.#position = Math.max(this.#position, position);
  }

  take(): AudioPiece | undefined {
    return this.#next(this.#position);
  }

  takeRest(): AudioPiece | undefined {
    return this.#next(undefined);
  }

  lost(ssrc: number): void {
    this.#chunkers.get(ssrc)?.lost();
  }

  discard(): void {
    if (this.#isDiscarded) return;
    this.#isDiscarded = true;
    this.#discardedMs = this.droppedMs + bytesToMs(this.#options.format, this.queuedBytes);
    this.#chunkers.clear();
  }

  /** `position`: how far the stream has come; undefined once it is over, when a chunk may have any length. */
  #next(position: number | undefined): AudioPiece | undefined {
    const chunkers = this.#chunkers.size < 2 ? this.#chunkers : this.#oldestFirst();
    for (const [ssrc, chunker] of chunkers) {
      const chunk = position === undefined ? chunker.takeRest() : chunker.take(position);
      if (chunk !== undefined) return { ssrc, headroomBytes: RTP_HEADER_BYTES, ...chunk };
    }
    return undefined;
  }

  #oldestFirst(): Iterable<[number, Chunker]> {
    return [...this.#chunkers]
      .filter(([, chunker]) => chunker.queuedBytes > 0)
      .sort(([, a], [, b]) => a.oldest - b.oldest);
  }

  #newChunker(ssrc: number): Chunker {
    const { format, chunkMs, maxBacklogMs } = this.#options;
    const chunker = new Chunker({
      format,
      minMs: chunkMs,
      maxMs: MAX_CHUNK_MS,
      maxBacklogMs: Math.max(maxBacklogMs, chunkMs),
      headroomBytes: RTP_HEADER_BYTES,
    });
    this.#chunkers.set(ssrc, chunker);
    return chunker;
  }

  #sum(of: (chunker: Chunker) => number): number {
    let sum = 0;
    for (const chunker of this.#chunkers.values()) sum += of(chunker);
    return sum;
  }
}
