/**
 * Audio that waits for a worker. The lane that takes a chunk cuts it, not a timer: a chunk is the run of frames since
 * the last one. So a worker that answers quickly gets short chunks, and a slow one gets longer ones.
 *
 *     push → [ run | run | run ] → take
 *              ^ oldest: dropped when more than `maxBacklogMs` waits
 *
 * A run is audio without a gap; a chunk never spans a gap.
 *
 * Unless a gap follows, a chunk is a whole number of shortest ones, and the remainder begins the next. So after a
 * delay the chunks of a stream end at the same points of it as before. If each chunk took everything that waits, one
 * delay of the process would set all its streams to the same moment, and from then on all of them would need service
 * at once.
 */
import {
  AUDIO_FORMATS,
  type AudioFormat,
  BYTES_PER_SAMPLE,
  bytesToMs,
  msToBytes,
} from '../../shared/audio/audio-format.ts';

interface ChunkerOptions {
  readonly format: AudioFormat;
  /** Shortest chunk in milliseconds, except before a gap and for the rest at the end. */
  readonly minMs: number;
  /** Longest chunk in milliseconds; the rest makes the next chunk. */
  readonly maxMs: number;
  /** How much audio may wait, in milliseconds; the chunker drops the oldest beyond it. At least `minMs`. */
  readonly maxBacklogMs: number;
  /** Free bytes before a chunk, for the sender's header. Defaults to 0. */
  readonly headroomBytes?: number;
}

interface Chunk {
  /** PCM16 mono; a copy that belongs to the taker, as do the bytes before it in its buffer (`headroomBytes`). */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Index of the first sample since the stream's start. */
  readonly timestamp: number;
  /** The first chunk of the stream, or the first after audio that was not delivered. */
  readonly marker: boolean;
  readonly ms: number;
}

interface Run {
  timestamp: number;
  marker: boolean;
  /** Holds the audio from `start` to `end`. */
  buffer: Uint8Array<ArrayBuffer>;
  start: number;
  end: number;
  /** Lengths of its frames in bytes: a frame is never cut. */
  readonly frames: number[];
}

export class Chunker {
  readonly #format: AudioFormat;
  readonly #minBytes: number;
  /** The shortest chunk in whole frames. */
  readonly #shortestBytes: number;
  readonly #maxBytes: number;
  readonly #backlogBytes: number;
  readonly #headroomBytes: number;
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
    const { frameBytes } = AUDIO_FORMATS[options.format];
    this.#shortestBytes = Math.ceil(this.#minBytes / frameBytes) * frameBytes;
    this.#maxBytes = msToBytes(options.format, options.maxMs);
    this.#backlogBytes = msToBytes(options.format, options.maxBacklogMs);
    this.#headroomBytes = options.headroomBytes ?? 0;
  }

  /** Audio that waits, in bytes. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Timestamp of the oldest audio that waits; infinite when there is none. */
  get oldest(): number {
    return this.#runs[0]?.timestamp ?? Number.POSITIVE_INFINITY;
  }

  /** Audio dropped because too much waited, in milliseconds since the start. */
  get droppedMs(): number {
    return bytesToMs(this.#format, this.#droppedBytes);
  }

  /**
   * Adds a copy of a frame.
   * `timestamp` is the index of its first sample since the stream's start; one that does not follow on is a gap.
   */
  push(frame: Uint8Array, timestamp: number): void {
    if (frame.byteLength === 0) return;
    const last = this.#runs.at(-1);
    if (last !== undefined && this.#end === timestamp) this.#append(last, frame);
    else this.#runs.push(this.#newRun(frame, timestamp));
    this.#end = timestamp + frame.byteLength / BYTES_PER_SAMPLE;
    this.#queuedBytes += frame.byteLength;
    while (this.#queuedBytes > this.#backlogBytes) this.#dropOldest();
  }

  /**
   * The next chunk, or undefined while there is too little. `position` is how far the stream has come, in samples:
   * after a participant has been quiet for as long as a chunk, what that participant said leaves, however short it
   * is.
   */
  take(position: number = this.#end ?? 0): Chunk | undefined {
    const run = this.#runs[0];
    if (run === undefined) return undefined;
    const closed = this.#runs.length > 1 || position - this.#endOf(run) >= this.#minBytes / BYTES_PER_SAMPLE;
    if (closed) return this.#takeOf(run, bytesOf(run));
    const shortest = Math.floor(bytesOf(run) / this.#shortestBytes);
    return shortest === 0 ? undefined : this.#takeOf(run, shortest * this.#shortestBytes);
  }

  /** The next chunk however short it is, or undefined when nothing waits. */
  takeRest(): Chunk | undefined {
    const run = this.#runs[0];
    return run === undefined ? undefined : this.#takeOf(run, bytesOf(run));
  }

  #takeOf(run: Run, wanted: number): Chunk {
    const { length, frames } = this.#shareOf(run, wanted);
    const bytes = this.#cut(run, length);
    const marker = run.marker || this.#markNext;
    const { timestamp } = run;
    this.#remove(run, frames, length);
    this.#markNext = false;
    return { bytes, timestamp, marker, ms: bytesToMs(this.#format, length) };
  }

  /** The last chunk did not arrive: marks the next one. */
  lost(): void {
    this.#markNext = true;
  }

  #newRun(frame: Uint8Array, timestamp: number): Run {
    const start = this.#headroomBytes;
    // Room for the shortest chunk, which is the usual one.
    const buffer = new Uint8Array(start + Math.max(this.#minBytes, frame.byteLength));
    buffer.set(frame, start);
    const end = start + frame.byteLength;
    return { timestamp, marker: this.#end !== timestamp, buffer, start, end, frames: [frame.byteLength] };
  }

  #append(run: Run, frame: Uint8Array): void {
    if (run.end + frame.byteLength > run.buffer.byteLength) this.#makeRoom(run, frame.byteLength);
    run.buffer.set(frame, run.end);
    run.end += frame.byteLength;
    run.frames.push(frame.byteLength);
  }

  /**
   * Doubles the room, so that audio that waits long is not copied with each frame. Reuses the room of dropped audio.
   */
  #makeRoom(run: Run, bytes: number): void {
    const held = run.buffer.subarray(run.start, run.end);
    run.start = this.#headroomBytes;
    run.end = run.start + held.byteLength;
    run.buffer = new Uint8Array(run.start + Math.max(held.byteLength * 2, held.byteLength + bytes));
    run.buffer.set(held, run.start);
  }

  /** How much of the run makes a chunk of so many bytes, or somewhat more, because frames are never cut. */
  #shareOf(run: Run, wanted: number): { length: number; frames: number } {
    if (wanted === bytesOf(run) && wanted <= this.#maxBytes)
      return { length: wanted, frames: run.frames.length };
    let length = 0;
    let frames = 0;
    for (const frame of run.frames) {
      if (length >= wanted || (frames > 0 && length + frame > this.#maxBytes)) break;
      length += frame;
      frames += 1;
    }
    return { length, frames };
  }

  /** Gives the run's buffer away when the chunk takes all of it. */
  #cut(run: Run, length: number): Uint8Array<ArrayBuffer> {
    const audio = run.buffer.subarray(run.start, run.start + length);
    if (length === bytesOf(run) && run.start >= this.#headroomBytes) return audio;
    const copy = new Uint8Array(this.#headroomBytes + length);
    copy.set(audio, this.#headroomBytes);
    return copy.subarray(this.#headroomBytes);
  }

  #dropOldest(): void {
    const run = this.#runs[0];
    const frame = run?.frames[0];
    if (run === undefined || frame === undefined) return;
    this.#droppedBytes += frame;
    this.#remove(run, 1, frame);
    this.#markNext = true;
  }

  #remove(run: Run, frames: number, bytes: number): void {
    this.#queuedBytes -= bytes;
    if (frames === run.frames.length) {
      this.#runs.shift();
      return;
    }
    run.frames.splice(0, frames);
    run.timestamp += bytes / BYTES_PER_SAMPLE;
    run.start += bytes;
    run.marker = false;
  }

  #endOf(run: Run): number {
    return run.timestamp + bytesOf(run) / BYTES_PER_SAMPLE;
  }
}

function bytesOf({ start, end }: Run): number {
  return end - start;
}
