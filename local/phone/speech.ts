import { type Audio, readWav } from '../../shared/audio/wav.ts';
import { SYNTHESIZER, synthesize } from './synthesizer.ts';

/** Longest text that is said at once. */
export const MAX_TEXT_LENGTH = 2_000;
export interface SpeechOptions {
  /** Another program that takes text on its input and writes WAV to its output. */
  readonly command?: string;
  readonly args?: readonly string[];
  /** Hears one sentence, once, when there is no synthesizer. */
  readonly warn?: (sentence: string) => void;
}

/** Says texts: with a speech synthesizer where one is installed, else as tones that nobody takes for speech. */
export class Speech {
  readonly #command: string;
  readonly #args: readonly string[];
  readonly #warn: (sentence: string) => void;
  #missing = false;

  constructor({
    command = SYNTHESIZER,
    args = ['--stdin', '--stdout'],
    warn = () => {},
  }: SpeechOptions = {}) {
    this.#command = command;
    this.#args = args;
    this.#warn = warn;
  }

  /**
   * The text as audio, at whatever sample rate the synthesizer has.
   * @throws RangeError for no text or one that is too long
   */
  async say(text: string): Promise<Audio> {
    if (text.trim() === '' || text.length > MAX_TEXT_LENGTH) {
      throw new RangeError(`a text to say has 1 to ${MAX_TEXT_LENGTH} characters, not ${text.length}`);
    }
    if (this.#missing) return tonesFor(text);
    const synthesis = await synthesize({ program: this.#command, args: this.#args, text });
    if (synthesis.type !== 'spoken') return this.#giveUp(text, synthesis.why);
    try {
      return readWav(synthesis.wav);
    } catch (error) {
      return this.#giveUp(text, error instanceof Error ? error.message : String(error));
    }
  }

  /** From now on texts are tones. */
  #giveUp(text: string, why: string): Audio {
    this.#missing = true;
    this.#warn(`Texts are said as tones, since ${this.#command} cannot say them (${why}).`);
    return tonesFor(text);
  }
}

const TONE_RATE_HZ = 16_000;
const LETTER_MS = 60;
const AMPLITUDE = 8_000;
const LOWEST_HZ = 400;
const STEP_HZ = 50;
const STEPS = 24;

/**
 * A tone for each letter and digit, and a pause for everything else: the same text always sounds the same, and no two
 * words alike.
 */
export function tonesFor(text: string): Audio {
  const letters = [...text.toLowerCase()];
  const length = (LETTER_MS * TONE_RATE_HZ) / 1_000;
  const samples = new Int16Array(letters.length * length);
  for (const [index, letter] of letters.entries()) {
    if (!/[\p{L}\p{N}]/u.test(letter)) continue;
    const hz = LOWEST_HZ + STEP_HZ * ((letter.codePointAt(0) ?? 0) % STEPS);
    for (let i = 0; i < length; i++) {
      // Each tone begins and ends at zero, so that there is no click between two.
      const loudness = AMPLITUDE * Math.sin((Math.PI * i) / length);
      samples[index * length + i] = Math.round(loudness * Math.sin((2 * Math.PI * hz * i) / TONE_RATE_HZ));
    }
  }
  return { samples, sampleRateHz: TONE_RATE_HZ };
}
