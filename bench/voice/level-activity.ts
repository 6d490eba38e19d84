/** The detector before voices were looked for, by level alone: what the new one is compared with (decision 13). */
import { SILENCE_DB } from '../../relay/audio/frame-level.ts';
import { FRAME_MS } from '../../shared/audio/audio-format.ts';

/** How far speech rises above the floor to begin, and to go on (syllables fade). */
const BEGIN_ABOVE_FLOOR_DB = 10;
const STAY_ABOVE_FLOOR_DB = 6;
/** Nothing quieter is speech. Speech on telephone lines lies about -26 dB (ITU-T P.56), a quiet talker 20 dB below. */
const QUIETEST_BEGIN_DB = -50;
const QUIETEST_STAY_DB = -54;
/** The floor before anything was heard: that of a usual line, so that a caller who speaks at once is heard. */
const INITIAL_FLOOR_DB = -62;
/** Digital silence says nothing about the noise that comes with the next word. */
const LOWEST_FLOOR_DB = -70;

/** The window is kept as minima of blocks. */
const BLOCK_FRAMES = 200 / FRAME_MS;
const BLOCKS = 10;
/** A sound is steady when it stays within these decibels for so many blocks. */
const STEADY_RANGE_DB = 3;
const STEADY_BLOCKS = 3;

interface Block {
  readonly minDb: number;
  readonly maxDb: number;
}

export class LevelActivity {
  /** The last full blocks, the oldest first. */
  #blocks: Block[] = Array.from({ length: BLOCKS }, () => ({ minDb: INITIAL_FLOOR_DB, maxDb: 0 }));
  #minimumDb = INITIAL_FLOOR_DB;
  /** The block that is being filled. */
  #framesInBlock = 0;
  #minDb = 0;
  #maxDb = SILENCE_DB;
  #isSpeech = false;

  /** The noise floor in dB, as the frames so far tell it. */
  get floorDb(): number {
    return Math.max(LOWEST_FLOOR_DB, Math.min(this.#minimumDb, this.#minDb));
  }

  /** Takes the level of the next frame of 20 ms; the frame is judged by the floor before it. */
  hear(levelDb: number): boolean {
    const threshold = this.#isSpeech
      ? Math.max(QUIETEST_STAY_DB, this.floorDb + STAY_ABOVE_FLOOR_DB)
      : Math.max(QUIETEST_BEGIN_DB, this.floorDb + BEGIN_ABOVE_FLOOR_DB);
    this.#isSpeech = levelDb > threshold;
    this.#learn(levelDb);
    return this.#isSpeech;
  }

  #learn(levelDb: number): void {
    this.#minDb = Math.min(this.#minDb, levelDb);
    this.#maxDb = Math.max(this.#maxDb, levelDb);
    this.#framesInBlock += 1;
    if (this.#framesInBlock < BLOCK_FRAMES) return;
    this.#blocks.push({ minDb: this.#minDb, maxDb: this.#maxDb });
    this.#blocks.shift();
    const recent = this.#blocks.slice(-STEADY_BLOCKS);
    if (rangeDb(recent) < STEADY_RANGE_DB) {
      const steady = { minDb: lowest(recent), maxDb: 0 };
      this.#blocks = [...Array.from({ length: BLOCKS - STEADY_BLOCKS }, () => steady), ...recent];
    }
    this.#minimumDb = lowest(this.#blocks);
    this.#framesInBlock = 0;
    this.#minDb = 0;
    this.#maxDb = SILENCE_DB;
  }
}

function lowest(blocks: readonly Block[]): number {
  return Math.min(...blocks.map(({ minDb }) => minDb));
}

function rangeDb(blocks: readonly Block[]): number {
  return Math.max(...blocks.map(({ maxDb }) => maxDb)) - lowest(blocks);
}
