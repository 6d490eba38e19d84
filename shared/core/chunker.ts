/**
 * Audio that waits for a worker, cut into chunks by whoever asks and not by a timer: a chunk is the run of frames since
 * the last one was taken. A worker that answers quickly gets short chunks, a slow one gets longer ones.
 *
 *     push → [ run | run | run ] → take
 *              ^ oldest: dropped when more than `maxBacklogMs` waits
 *
 * A run is audio without a gap; a chunk never spans a gap.
 */
import { type AudioFormat, BYTES_PER_SAMPLE, bytesToMs, msToBytes } from './audio-format.ts';

export interface ChunkerOptions {
  readonly format: AudioFormat;
  /** Shortest chunk in milliseconds, except before a gap and for the rest at the end. */
  readonly minMs: number;
  /** Longest chunk in milliseconds; what is beyond makes the next chunk. */
  readonly maxMs: number;
  /** How much audio may wait, in milliseconds. The oldest is dropped beyond it. At least `minMs`. */
  readonly maxBacklogMs: number;
}

export interface Chunk {
  /** PCM16 mono; a copy that belongs to the taker. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Index of the first sample since the stream's start. */
  readonly timestamp: number;
  /** The first of the stream, or audio before it was not delivered. */
  readonly marker: boolean;
  readonly ms: number;
}

interface Run {
  timestamp: number;
  marker: boolean;
  bytes: number;
  frames: Uint8Array[];
}

export class Chunker {
  readonly #format: AudioFormat;
  readonly #minBytes: number;
  readonly #maxBytes: number;
  readonly #backlogBytes: number;
  readonly #runs: Run[] = [];
  #queuedBytes = 0;
  #droppedBytes = 0;
  #markNext = true;
  /** Sample index after the newest audio that was pushed. */
  #end: number | undefined;

  /** @throws RangeError when the backlog could never hold a chunk of the shortest length. */
  constructor(options: ChunkerOptions) {
    if (options.maxBacklogMs < options.minMs || options.maxMs < options.minMs) {
      throw new RangeError(
        `a chunk of ${options.minMs} ms cannot come about: the backlog holds ${options.maxBacklogMs} ms, a chunk at most ${options.maxMs} ms`,
      );
    }
    this.#format = options.format;
    this.#minBytes = msToBytes(options.format, options.minMs);
    this.#maxBytes = msToBytes(options.format, options.maxMs);
    this.#backlogBytes = msToBytes(options.format, options.maxBacklogMs);
  }

  /** Audio that waits, in bytes. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Timestamp of the oldest audio that waits; infinite when none does. */
  get oldest(): number {
    return this.#runs[0]?.timestamp ?? Number.POSITIVE_INFINITY;
  }

  /** Audio dropped because too much of it waited, in milliseconds since the start. */
  get droppedMs(): number {
    return bytesToMs(this.#format, this.#droppedBytes);
  }

  /**
   * Adds a frame. It is kept, not copied: nobody may change it afterwards.
   * `timestamp` is the index of its first sample since the stream's start; one that does not follow on is a gap.
   */
  push(frame: Uint8Array, timestamp: number): void {
    if (frame.byteLength === 0) return;
    const last = this.#runs.at(-1);
    if (last !== undefined && this.#end === timestamp) {
      last.frames.push(frame);
      last.bytes += frame.byteLength;
    } else {
      const marker = this.#end !== timestamp;
      this.#runs.push({ timestamp, marker, bytes: frame.byteLength, frames: [frame] });
    }
    this.#end = timestamp + frame.byteLength / BYTES_PER_SAMPLE;
    this.#queuedBytes += frame.byteLength;
    while (this.#queuedBytes > this.#backlogBytes) this.#dropOldest();
  }

  /**
   * The next chunk, or undefined while there is too little. `position` is how far the stream has come, in samples:
   * a participant who has been quiet for as long as a chunk gets what he said delivered, however short it is.
   */
  take(position: number = this.#end ?? 0): Chunk | undefined {
    const run = this.#runs[0];
    if (run === undefined) return undefined;
    const closed = this.#runs.length > 1 || position - this.#endOf(run) >= this.#minBytes / BYTES_PER_SAMPLE;
    return run.bytes >= this.#minBytes || closed ? this.takeRest() : undefined;
  }

  /** The next chunk however short it is, or undefined when nothing waits. */
  takeRest(): Chunk | undefined {
    const run = this.#runs[0];
    if (run === undefined) return undefined;
    const taken: Uint8Array[] = [];
    let length = 0;
    for (const frame of run.frames) {
      if (taken.length > 0 && length + frame.byteLength > this.#maxBytes) break;
      taken.push(frame);
      length += frame.byteLength;
    }
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const frame of taken) {
      bytes.set(frame, at);
      at += frame.byteLength;
    }
    const marker = run.marker || this.#markNext;
    const { timestamp } = run;
    this.#remove(run, taken.length, length);
    this.#markNext = false;
    return { bytes, timestamp, marker, ms: bytesToMs(this.#format, length) };
  }

  /** The chunk that was taken last did not arrive: the next one is marked. */
  lost(): void {
    this.#markNext = true;
  }

  #dropOldest(): void {
    const run = this.#runs[0];
    const frame = run?.frames[0];
    if (run === undefined || frame === undefined) return;
    this.#droppedBytes += frame.byteLength;
    this.#remove(run, 1, frame.byteLength);
    this.#markNext = true;
  }

  #remove(run: Run, frames: number, bytes: number): void {
    run.frames.splice(0, frames);
    run.timestamp += bytes / BYTES_PER_SAMPLE;
    run.bytes -= bytes;
    run.marker = false;
    this.#queuedBytes -= bytes;
    if (run.frames.length === 0) this.#runs.shift();
  }

  #endOf(run: Run): number {
    return run.timestamp + run.bytes / BYTES_PER_SAMPLE;
  }
}
