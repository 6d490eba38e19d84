import { type Audio, readWav } from '../../shared/audio/wav.ts';
import { SYNTHESIZER, synthesize } from './synthesizer.ts';
import { sing } from './voice.ts';

/** Longest text that is said at once. */
export const MAX_TEXT_LENGTH = 2_000;
export interface SpeechOptions {
  /** Another program that takes text on its input and writes WAV to its output. */
  readonly command?: string;
  readonly args?: readonly string[];
  /** Hears one sentence, once, when there is no synthesizer. */
  readonly warn?: (sentence: string) => void;
}

/** Says texts: with a speech synthesizer where one is installed, else in a synthetic voice that nobody understands. */
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
    if (text.trim() === '' || text.length > MAX_TEXT_LENGTH)
      throw new RangeError(`a text to say has 1 to ${MAX_TEXT_LENGTH} characters, not ${text.length}`);
    if (this.#missing) return murmur(text);
    const synthesis = await synthesize({ program: this.#command, args: this.#args, text });
    if (synthesis.type !== 'spoken') return this.#giveUp(text, synthesis.why);
    try {
      return readWav(synthesis.wav);
    } catch (error) {
      return this.#giveUp(text, error instanceof Error ? error.message : String(error));
    }
  }

  /** From now on texts are murmured. */
  #giveUp(text: string, why: string): Audio {
    this.#missing = true;
    this.#warn(`Texts are murmured, since ${this.#command} cannot say them (${why}).`);
    return murmur(text);
  }
}

const RATE_HZ = 16_000;
const LETTER_MS = 60;
const LOUDNESS = 0.3;
/** Each letter has its own vowel and its own pitch, out of so many that are far enough apart to be heard. */
const VOWELS = 8;
const PITCHES = 3;

/**
 * A syllable for each letter and digit, in a synthetic voice, and a pause for everything else: the same text always
 * sounds the same, and no two words alike. Nobody understands it, but whoever listens for a voice hears one.
 */
export function murmur(text: string): Audio {
  const syllables = [...text.toLowerCase()].map((letter) => {
    const code = letter.codePointAt(0) ?? 0;
    const step = code % VOWELS;
    const pitchHz = 110 + 20 * (Math.floor(code / VOWELS) % PITCHES);
    return {
      ms: LETTER_MS,
      pauseMs: 0,
      pitchHz: [pitchHz, 0.9 * pitchHz] as const,
      formantsHz: [320 + 60 * step, 2_100 - 140 * ((3 * step) % VOWELS), 2_600],
      loudness: /[\p{L}\p{N}]/u.test(letter) ? LOUDNESS : 0,
    };
  });
  return { samples: sing(syllables, RATE_HZ, 1), sampleRateHz: RATE_HZ };
}
