/**
 * Decides whether a frame holds speech, by its level above the noise floor of the line. The floor is the lowest level
 * of the last two seconds ("minimum statistics", R. Martin 2001). Speech has gaps between words and syllables that
 * let the noise through, so the floor follows the noise up and down while somebody speaks, and needs no training. A
 * sound whose level does not change for 600 ms is noise or a tone, and becomes the floor at once: no voice is so
 * even.
 *
 * Level alone cannot tell speech from other sounds that come and go. Why there is no trained detector here:
 * `docs/decisions/0013-voice-activity-detector.md`.
 */
import { FRAME_MS } from '../../shared/audio/audio-format.ts';
import { SILENCE_DB } from '../audio/frame-level.ts';

/** What a frame of audio sounds like. */
export interface Voice {
  /** Somebody speaks in this frame. */
  readonly isSpeech: boolean;
  /** Mean power in dB relative to a full-scale square wave; `SILENCE_DB` for digital silence. */
  readonly levelDb: number;
}

/** The voice of a frame without sound. */
export const NO_VOICE: Voice = { isSpeech: false, levelDb: SILENCE_DB };

/** How far speech rises above the floor to begin, and to go on (syllables fade). */
const BEGIN_ABOVE_FLOOR_DB = 10;
const STAY_ABOVE_FLOOR_DB = 6;
/** Nothing quieter is speech. Speech on telephone lines lies about -26 dB (ITU-T P.56), a quiet talker 20 dB below. */
const QUIETEST_BEGIN_DB = -50;
const QUIETEST_STAY_DB = -54;
/** The floor at the beginning: that of a usual line, so that a caller who speaks at once counts. */
const INITIAL_FLOOR_DB = -62;
/** Digital silence says nothing about the noise that comes with the next word. */
const LOWEST_FLOOR_DB = -70;

/** The window is stored as the minima of blocks. */
const BLOCK_FRAMES = 200 / FRAME_MS;
const BLOCKS = 10;
/** A sound is steady when it stays within these decibels for so many blocks. */
const STEADY_RANGE_DB = 3;
const STEADY_BLOCKS = 3;

interface Block {
  readonly minDb: number;
  readonly maxDb: number;
}

export class VoiceActivity {
  /** The last full blocks, the oldest first. */
  #blocks: Block[] = Array.from({ length: BLOCKS }, () => ({ minDb: INITIAL_FLOOR_DB, maxDb: 0 }));
  #minimumDb = INITIAL_FLOOR_DB;
  /** The block that fills up now. */
  #framesInBlock = 0;
  #minDb = 0;
  #maxDb = SILENCE_DB;
  #isSpeech = false;

  /** The noise floor in dB, as the frames so far tell it. */
  get floorDb(): number {
    return Math.max(LOWEST_FLOOR_DB, Math.min(this.#minimumDb, this.#minDb));
  }

  /** Takes the level of the next frame of 20 ms, and judges it by the floor before it. */
  hear(levelDb: number): Voice {
    const threshold = this.#isSpeech
      ? Math.max(QUIETEST_STAY_DB, this.floorDb + STAY_ABOVE_FLOOR_DB)
      : Math.max(QUIETEST_BEGIN_DB, this.floorDb + BEGIN_ABOVE_FLOOR_DB);
    this.#isSpeech = levelDb > threshold;
    this.#learn(levelDb);
    return { isSpeech: this.#isSpeech, levelDb };
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
