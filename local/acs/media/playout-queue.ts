/** One frame of playout. */
export interface PlayoutFrame {
  /** Always a whole frame; silence after the first `fromApplication` samples. */
  readonly samples: Int16Array;
  readonly fromApplication: number;
}

/**
 * What the application has sent and the call has not heard yet: any number of samples in, one frame at a time out.
 * Every sample that fits is played once and in order, unless `flush` drops it first. Not aligned to frames: audio that
 * ends within a frame is followed by silence, and audio that comes later begins with the next frame.
 */
export class PlayoutQueue {
  readonly #frameSamples: number;
  readonly #maxSamples: number;
  readonly #pieces: Int16Array[] = [];
  /** Samples of the first piece that were played. */
  #offset = 0;
  #depth = 0;
  #playing = false;
  #played = 0;
  #overflowed = 0;
  #underruns = 0;

  constructor(frameSamples: number, maxSamples: number) {
    this.#frameSamples = frameSamples;
    this.#maxSamples = maxSamples;
  }

  /** Samples waiting. */
  get depth(): number {
    return this.#depth;
  }

  /** Samples of the application that were played. */
  get played(): number {
    return this.#played;
  }

  /** Samples that found the queue full and were dropped. */
  get overflowed(): number {
    return this.#overflowed;
  }

  /** Times that the queue ran empty after it had been playing; the end of an utterance is one, a flush is none. */
  get underruns(): number {
    return this.#underruns;
  }

  /** Appends samples as far as there is room; the rest of them is dropped and counted. The queue keeps the array. */
  push(samples: Int16Array): void {
    const taken = Math.min(samples.length, this.#maxSamples - this.#depth);
    this.#overflowed += samples.length - taken;
    if (taken === 0) return;
    this.#pieces.push(samples.subarray(0, taken));
    this.#depth += taken;
  }

  /** Takes the next frame, in an array of its own. */
  pull(): PlayoutFrame {
    const head = this.#pieces[0];
    if (head !== undefined && this.#offset === 0 && head.length === this.#frameSamples) {
      return this.#pullWhole(head);
    }
    const frame = new Int16Array(this.#frameSamples);
    let filled = 0;
    for (let piece = this.#pieces[0]; piece !== undefined && filled < frame.length; piece = this.#pieces[0]) {
      const part = piece.subarray(this.#offset, this.#offset + frame.length - filled);
      frame.set(part, filled);
      filled += part.length;
      this.#offset += part.length;
      if (this.#offset === piece.length) {
        this.#pieces.shift();
        this.#offset = 0;
      }
    }
    this.#depth -= filled;
    this.#played += filled;
    const full = filled === frame.length;
    if (!full && (this.#playing || filled > 0)) this.#underruns += 1;
    this.#playing = full;
    return { samples: frame, fromApplication: filled };
  }

  /** A piece that is exactly one frame is handed on as it is: most applications send frames. */
  #pullWhole(piece: Int16Array): PlayoutFrame {
    this.#pieces.shift();
    this.#depth -= piece.length;
    this.#played += piece.length;
    this.#playing = true;
    return { samples: piece, fromApplication: piece.length };
  }

  /** Drops everything that waits and answers how many samples that were. */
  flush(): number {
    const dropped = this.#depth;
    this.#pieces.length = 0;
    this.#offset = 0;
    this.#depth = 0;
    this.#playing = false;
    return dropped;
  }
}
