export interface PlayoutFrame {
  /** Always a whole frame; silence after the first `fromApplication` samples. */
  readonly samples: Int16Array;
  readonly fromApplication: number;
}

/** Room at the beginning, in frames; there is more where an application sends faster than in real time. */
const FIRST_FRAMES = 10;

/**
 * What the application has sent and the call has not heard yet: any number of samples in, one frame at a time out.
 * Every sample that fits is played once and in order, unless `flush` drops it first. Not aligned to frames: audio that
 * ends within a frame is followed by silence, and audio that comes later begins with the next frame.
 */
export class PlayoutQueue {
  readonly #maxSamples: number;
  /** What waits, in a circle from `#start` on. */
  #ring: Int16Array;
  #start = 0;
  #depth = 0;
  readonly #frame: Int16Array;
  #playing = false;
  #played = 0;
  #overflowed = 0;
  #underruns = 0;

  constructor(frameSamples: number, maxSamples: number) {
    this.#maxSamples = maxSamples;
    this.#frame = new Int16Array(frameSamples);
    this.#ring = new Int16Array(FIRST_FRAMES * frameSamples);
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

  /** Copies the samples to the end as far as there is room; the rest of them is dropped and counted. */
  push(samples: Int16Array): void {
    const taken = Math.min(samples.length, this.#maxSamples - this.#depth);
    this.#overflowed += samples.length - taken;
    if (this.#depth + taken > this.#ring.length) this.#grow(this.#depth + taken);
    const end = (this.#start + this.#depth) % this.#ring.length;
    const straight = Math.min(taken, this.#ring.length - end);
    this.#ring.set(straight === samples.length ? samples : samples.subarray(0, straight), end);
    if (straight < taken) this.#ring.set(samples.subarray(straight, taken));
    this.#depth += taken;
  }

  /** Takes the next frame, which is valid until the next one is taken. */
  pull(): PlayoutFrame {
    const filled = Math.min(this.#frame.length, this.#depth);
    this.#read(this.#frame, filled);
    this.#frame.fill(0, filled);
    this.#start = (this.#start + filled) % this.#ring.length;
    this.#depth -= filled;
    this.#played += filled;
    const full = filled === this.#frame.length;
    if (!full && (this.#playing || filled > 0)) this.#underruns += 1;
    this.#playing = full;
    return { samples: this.#frame, fromApplication: filled };
  }

  /** Drops everything that waits and answers how many samples that were. */
  flush(): number {
    const dropped = this.#depth;
    this.#depth = 0;
    this.#playing = false;
    return dropped;
  }

  /** Copies the first `count` samples that wait. */
  #read(target: Int16Array, count: number): void {
    const straight = Math.min(count, this.#ring.length - this.#start);
    target.set(this.#ring.subarray(this.#start, this.#start + straight));
    if (straight < count) target.set(this.#ring.subarray(0, count - straight), straight);
  }

  /** Makes room for so many samples, and for as many again, so that copying costs little over time. */
  #grow(samples: number): void {
    const ring = new Int16Array(2 * samples);
    this.#read(ring, this.#depth);
    this.#ring = ring;
    this.#start = 0;
  }
}
