import { dbfs, isSilentLevel, rms } from './level.ts';
import { PHONE_FRAME_MS } from './phone.ts';

/** Levels in decibels of full scale, and for how long there was anything to hear. */
export interface Levels {
  /** Of the latest frame. */
  readonly nowDbfs: number;
  /** Over everything so far, silence included. */
  readonly averageDbfs: number;
  /** The loudest single sample. */
  readonly peakDbfs: number;
  /** Milliseconds of frames that were not silent. */
  readonly activeMs: number;
}

/** Measures one direction of a phone, frame by frame. */
export class LevelMeter {
  #latestRms = 0;
  #squares = 0;
  #samples = 0;
  #peak = 0;
  #activeFrames = 0;

  /** Takes in one frame and says whether it was silent. */
  add(frame: Int16Array): boolean {
    this.#latestRms = rms(frame);
    this.#squares += this.#latestRms ** 2 * frame.length;
    this.#samples += frame.length;
    this.#peak = Math.max(this.#peak, peakOf(frame));
    const silent = isSilentLevel(this.#latestRms);
    if (!silent) this.#activeFrames += 1;
    return silent;
  }

  read(): Levels {
    return {
      nowDbfs: dbfs(this.#latestRms),
      averageDbfs: dbfs(this.#samples === 0 ? 0 : Math.sqrt(this.#squares / this.#samples)),
      peakDbfs: dbfs(this.#peak),
      activeMs: this.#activeFrames * PHONE_FRAME_MS,
    };
  }
}

function peakOf(frame: Int16Array): number {
  let highest = 0;
  let lowest = 0;
  for (let i = 0; i < frame.length; i++) {
    const sample = frame[i] ?? 0;
    if (sample > highest) highest = sample;
    else if (sample < lowest) lowest = sample;
  }
  return Math.max(highest, -lowest);
}
