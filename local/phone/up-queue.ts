import { isSilentLevel, rms } from './level.ts';
import { PHONE_FRAME_MS } from './phone.ts';

/** Frames that wait before the first is said: what the arrival of frames varies by. */
const TARGET_FRAMES = 2;
/** Frames that wait at most; the oldest is thrown away. */
const MAX_FRAMES = 10;

/** Frames above the target that are left to wait. */
const SPARE_FRAMES = 1;
/** Whatever has waited beyond that for so long is left out, as soon as somebody pauses. */
const SURPLUS_MS = 5_000;
/** Two interruptions within so long say that the target is too low. */
const SHORTAGE_MS = 30_000;

export interface UpQueueCounts {
  /** How much waits now, in milliseconds. */
  readonly waitingMs: number;
  /** Times that nothing was there although something had just been said. */
  readonly late: number;
  /** Frames thrown away because too many waited. */
  readonly dropped: number;
  /** Silent frames left out because the device's clock is the faster one, or many frames came at once. */
  readonly leftOut: number;
  /** Silent frames put in because the device's clock is the slower one. */
  readonly putIn: number;
}

/**
 * Frames of a live telephone on their way to the call. Two clocks meet here, that of the device and that of the call,
 * and frames arrive unevenly, so some wait. The clock of the call drives it: each `take` is 20 ms.
 *
 * ```
 * filling ──the target is reached, or no more comes──▶ flowing
 *    ▲──────────nothing is there─────────────────────────┘
 * ```
 */
export class UpQueue {
  #frames: Int16Array[] = [];
  #flowing = false;
  /** How many frames end the filling. */
  #target = TARGET_FRAMES;
  /** How many takes a queue that fills has held something. */
  #held = 0;
  #takes = 0;
  #lastShortage = Number.NEGATIVE_INFINITY;
  /** Fewest frames that waited at a take, since `#leastSince`. */
  #least = Number.POSITIVE_INFINITY;
  #leastSince = 0;
  /** Silent frames to leave out. */
  #surplus = 0;
  #late = 0;
  #dropped = 0;
  #leftOut = 0;
  #putIn = 0;

  get counts(): UpQueueCounts {
    return {
      waitingMs: this.#frames.length * PHONE_FRAME_MS,
      late: this.#late,
      dropped: this.#dropped,
      leftOut: this.#leftOut,
      putIn: this.#putIn,
    };
  }

  /** Keeps the array. */
  push(frame: Int16Array): void {
    this.#frames.push(frame);
    if (this.#frames.length <= MAX_FRAMES) return;
    this.#frames.shift();
    this.#dropped += 1;
  }

  /** The next frame, or undefined where none is ready. */
  take(): Int16Array | undefined {
    this.#takes += 1;
    if (!this.#flowing) {
      this.#fill();
      if (!this.#flowing) return undefined;
    }
    this.#watchSurplus();
    while (this.#surplus > 0 && this.#isDeep() && isSilent(this.#frames[0])) {
      this.#frames.shift();
      this.#leftOut += 1;
      this.#surplus -= 1;
    }
    const frame = this.#frames.shift();
    if (frame === undefined) this.#short();
    return frame;
  }

  /** Nothing waits any more; the counts stay. */
  clear(): void {
    this.#frames = [];
    this.#refill();
  }

  /** Frames that nothing follows do not wait for ever: their target is a time as well. */
  #fill(): void {
    this.#held = this.#frames.length === 0 ? 0 : this.#held + 1;
    if (this.#frames.length < this.#target && this.#held <= this.#target) return;
    this.#flowing = true;
    this.#target = TARGET_FRAMES;
    this.#restartSurplus();
  }

  /** The second shortage in a short time puts in one frame of silence: the queue fills by one more. */
  #short(): void {
    this.#late += 1;
    this.#refill();
    if ((this.#takes - this.#lastShortage) * PHONE_FRAME_MS <= SHORTAGE_MS) {
      this.#target = TARGET_FRAMES + 1;
      this.#putIn += 1;
      this.#lastShortage = Number.NEGATIVE_INFINITY;
    } else this.#lastShortage = this.#takes;
  }

  #refill(): void {
    this.#flowing = false;
    this.#held = 0;
  }

  #watchSurplus(): void {
    this.#least = Math.min(this.#least, this.#frames.length);
    if ((this.#takes - this.#leastSince) * PHONE_FRAME_MS < SURPLUS_MS) return;
    this.#surplus = Math.max(0, this.#least - TARGET_FRAMES - SPARE_FRAMES);
    this.#restartSurplus();
  }

  #isDeep(): boolean {
    return this.#frames.length > TARGET_FRAMES + SPARE_FRAMES;
  }

  #restartSurplus(): void {
    this.#least = Number.POSITIVE_INFINITY;
    this.#leastSince = this.#takes;
  }
}

function isSilent(frame: Int16Array | undefined): boolean {
  return frame !== undefined && isSilentLevel(rms(frame));
}
