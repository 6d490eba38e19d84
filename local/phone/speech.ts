import { spawn } from 'node:child_process';
import { type Audio, readWav } from '../../shared/audio/wav.ts';
import { sing } from './voice.ts';

/** Longest text that is said at once. */
const MAX_TEXT_LENGTH = 2_000;
interface SpeechOptions {
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

/** The open-source speech synthesizer that is used where it is installed. */
export const SYNTHESIZER = 'espeak-ng';

/** How long a synthesis may take. */
const SYNTHESIS_LIMIT_MS = 10_000;
/** Bytes of speech, at most: about eleven minutes. */
const MAX_SPEECH_BYTES = 32 * 1024 * 1024;

export interface SynthesisRequest {
  /** A program that takes text on its input and writes WAV to its output. */
  readonly program: string;
  readonly args: readonly string[];
  readonly text: string;
  /** Kills the program, which has failed then. */
  readonly signal?: AbortSignal;
}

type Synthesis =
  /** What the program wrote, whatever it is. */
  | { readonly type: 'spoken'; readonly wav: Buffer }
  /** There is no such program, or it may not be run. */
  | { readonly type: 'notInstalled'; readonly why: string }
  | { readonly type: 'failed'; readonly why: string };

/**
 * Runs a synthesizer, without a shell and with the text on its input: no character of it means anything but itself.
 * Never rejects; a program that takes too long or writes too much has failed.
 */
export function synthesize({ program, args, text, signal }: SynthesisRequest): Promise<Synthesis> {
  const { promise, resolve } = Promise.withResolvers<Synthesis>();
  const child = spawn(program, [...args], {
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: SYNTHESIS_LIMIT_MS,
    killSignal: 'SIGKILL',
    ...(signal === undefined ? {} : { signal }),
  });
  const chunks: Buffer[] = [];
  let length = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > MAX_SPEECH_BYTES) child.kill('SIGKILL');
    else chunks.push(chunk);
  });
  child.once('error', (error: NodeJS.ErrnoException) => {
    const { code, message } = error;
    resolve({ type: code === 'ENOENT' || code === 'EACCES' ? 'notInstalled' : 'failed', why: message });
  });
  child.once('close', (status, ended) => {
    if (status === 0) resolve({ type: 'spoken', wav: Buffer.concat(chunks) });
    else resolve({ type: 'failed', why: status === null ? `ended by ${ended}` : `exit status ${status}` });
  });
  // A program that does not read its input is judged by how it ends.
  child.stdin.on('error', () => {});
  child.stdin.end(text);
  return promise;
}
