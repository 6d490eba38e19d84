/**
 * Whether a frame holds speech. Two questions: its level against the noise floor of the line says *when* somebody may
 * be speaking, and whether it is voiced (`voicing.ts`) says *whether* it is somebody.
 *
 * The floor is the lowest level of the last two seconds ("minimum statistics", R. Martin 2001): speech has gaps between
 * words and syllables in which the noise is heard alone, so the floor follows the noise up and down while somebody
 * speaks, and needs no training. A sound whose level does not change for 600 ms is noise, or a tone, and becomes the
 * floor at once: no voice is so even.
 *
 * A noise that begins is loud enough to be speech until the floor has followed it, but it is not voiced, and
 * `SpeechBounds` asks for both. Why this and not a trained detector: `docs/decisions/0013-voice-activity-detector.md`.
 */
import { type AudioFormat, FRAME_MS } from '../../shared/audio/audio-format.ts';
import { levelDb, powerOf, SILENCE_DB, samplesOf } from '../audio/frame-level.ts';
import { Voicing } from './voicing.ts';

/** What a frame of audio sounds like. */
export interface Voice {
  /** Loud enough to be speech that begins, or speech that goes on. */
  readonly isSpeech: boolean;
  /**
   * A voice was found in this frame. While a voice begins, the detector looks at every frame of speech; later a few in
   * a second are enough.
   */
  readonly isVoiced: boolean;
  /** Mean power in dB relative to a full-scale square wave; `SILENCE_DB` for digital silence. */
  readonly levelDb: number;
}

/**
 * How long after a voiced frame sound counts as speech: longer than the consonants between two vowels, or after the
 * last.
 */
export const VOICE_LASTS_MS = 300;
/** So many voiced frames, within so many, are a voice. */
export const VOICED_FRAMES = 3;
const VOICED_WITHIN_FRAMES = 12;

/**
 * How far a frame rises above the floor to begin speech, and the mean of three frames to go on with it (syllables
 * fade).
 */
const BEGIN_ABOVE_FLOOR_DB = 7;
const STAY_ABOVE_FLOOR_DB = 4.5;
/** Nothing quieter is speech. Speech on telephone lines lies about -26 dB (ITU-T P.56), a quiet talker 20 dB below. */
const QUIETEST_BEGIN_DB = -50;
const QUIETEST_STAY_DB = -54;
/** The floor at the beginning: that of a usual line, so that a caller who speaks at once counts. */
const INITIAL_FLOOR_DB = -62;
/** Digital silence says nothing about the noise that comes with the next word. */
const LOWEST_FLOOR_DB = -70;

/** How soon the detector looks for the voice again once it knows it. Three looks lie within `VOICED_WITHIN_FRAMES`. */
const LOOK_AGAIN_FRAMES = 5;
/**
 * After so many frames without speech it may be another's, so every frame counts again. The shortest end of an
 * utterance.
 */
const FORGET_FRAMES = 5;

/** The window is kept as minima of blocks. */
const BLOCK_FRAMES = 200 / FRAME_MS;
const BLOCKS = 10;
/** A sound is steady when it stays within these decibels for so many blocks. */
const STEADY_RANGE_DB = 3;
const STEADY_BLOCKS = 3;

const ALL_VOICED = 2 ** VOICED_WITHIN_FRAMES - 1;

interface Block {
  readonly minDb: number;
  readonly maxDb: number;
}

export class VoiceActivity {
  readonly #voicing: Voicing;
  /** The last full blocks, the oldest first. */
  #blocks: Block[] = Array.from({ length: BLOCKS }, () => ({ minDb: INITIAL_FLOOR_DB, maxDb: 0 }));
  #minimumDb = INITIAL_FLOOR_DB;
  /** The block that fills up now. */
  #framesInBlock = 0;
  #minDb = 0;
  #maxDb = SILENCE_DB;
  /** The powers of the last two frames, the newer first; undefined before there were any. */
  #power1: number | undefined;
  #power2: number | undefined;
  /** The last frames as bits, the newest the lowest: 1 is voiced. */
  #voiced = 0;
  #sinceVoiced = Number.POSITIVE_INFINITY;
  #sinceSpeech = 0;
  /** The voice of whoever speaks has been found. */
  #isKnown = false;

  constructor(format: AudioFormat) {
    this.#voicing = new Voicing(format);
  }

  /** The noise floor in dB, as the frames so far tell it. */
  get floorDb(): number {
    return Math.max(LOWEST_FLOOR_DB, Math.min(this.#minimumDb, this.#minDb));
  }

  /** Takes the next frame, 20 ms of PCM16; it is judged by the floor before it. */
  hear(pcm: Uint8Array): Voice {
    const samples = samplesOf(pcm);
    this.#voicing.hear(samples);
    const power = powerOf(samples);
    const level = levelDb(power);
    const meanDb = this.#meanWith(power);
    const floor = this.floorDb;
    const begins = level > Math.max(QUIETEST_BEGIN_DB, floor + BEGIN_ABOVE_FLOOR_DB);
    // A frame that is quieter than the noise holds nothing, whatever the two before it held.
    const isLoud = level > floor && meanDb > Math.max(QUIETEST_STAY_DB, floor + STAY_ABOVE_FLOOR_DB);
    const stays = isLoud && this.#isKnown;
    const isVoiced = (begins || stays) && this.#isVoiced();
    this.#sinceVoiced = isVoiced ? 0 : this.#sinceVoiced + 1;
    this.#voiced = ((this.#voiced << 1) | (isVoiced ? 1 : 0)) & ALL_VOICED;
    const isSpeech = begins || (stays && this.#sinceVoiced * FRAME_MS <= VOICE_LASTS_MS);
    this.#know(isSpeech);
    this.#learn(meanDb);
    return { isSpeech, isVoiced, levelDb: level };
  }

  /** Frames before the next one are missing: who spoke before them says nothing about who speaks after them. */
  missed(): void {
    this.#isKnown = false;
  }

  #isVoiced(): boolean {
    const isWorthALook = !this.#isKnown || this.#sinceVoiced + 1 >= LOOK_AGAIN_FRAMES;
    return isWorthALook && this.#voicing.isVoiced();
  }

  #know(isSpeech: boolean): void {
    this.#sinceSpeech = isSpeech ? 0 : this.#sinceSpeech + 1;
    if (this.#isKnown) this.#isKnown = this.#sinceSpeech < FORGET_FRAMES;
    else this.#isKnown = bitsIn(this.#voiced) >= VOICED_FRAMES;
  }

  /**
   * The level of the last three frames together. A floor of single frames lies too low in noise, and syllables have
   * dips.
   */
  #meanWith(power: number): number {
    const [power1 = power, power2 = power1] = [this.#power1, this.#power2];
    this.#power2 = power1;
    this.#power1 = power;
    return levelDb((power + power1 + power2) / 3);
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

function bitsIn(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
