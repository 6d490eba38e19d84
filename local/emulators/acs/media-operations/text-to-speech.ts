import type { Audio } from '../../../../shared/audio/wav.ts';
import { murmur, SYNTHESIZER, synthesize } from '../../../phone/speech.ts';
import type { VoiceKind } from './play-source.ts';
import { ssmlWords } from './ssml.ts';
import { readMonoWav } from './wav-16k.ts';

/** Syntheses at a time in one process; more wait. */
const MAX_AT_A_TIME = 4;

const LOCALE = /^[a-z]{2,3}(-[a-z0-9]{2,8}){0,2}$/;

interface Utterance {
  /** Words, or a whole SSML document. */
  readonly text: string;
  readonly ssml: boolean;
  readonly locale?: string | undefined;
  readonly voiceKind?: VoiceKind | undefined;
}

/** Speaks. Undefined: the words could not be synthesized. Rejects only when aborted. */
export type TextToSpeech = (utterance: Utterance, signal: AbortSignal) => Promise<Audio | undefined>;

interface TextToSpeechOptions {
  /** Default: `espeak-ng`, found on the PATH. */
  readonly program?: string;
  readonly warn?: (sentence: string) => void;
}

/**
 * Speech of espeak-ng where it is installed. Where it is not, every utterance is the murmur of a synthetic voice, and
 * one warning says so.
 */
export function createTextToSpeech(options: TextToSpeechOptions = {}): TextToSpeech {
  const { program = SYNTHESIZER, warn = () => {} } = options;
  const turns = new Turns(MAX_AT_A_TIME);
  let installed = true;
  return async (utterance, signal) => {
    if (installed) {
      const done = await turns.next();
      try {
        const spoken = await speak(program, utterance, signal);
        if (spoken !== 'notInstalled') return spoken;
      } finally {
        done();
      }
      if (installed) warn(`${program} is not installed: what is played as text is heard as a murmur.`);
      installed = false;
    }
    return murmur(utterance.ssml ? ssmlWords(utterance.text) : utterance.text);
  };
}

/** Says it in the first of its voices that the program has; undefined where it fails in all of them. */
async function speak(
  program: string,
  utterance: Utterance,
  signal: AbortSignal,
): Promise<Audio | undefined | 'notInstalled'> {
  const { text, ssml } = utterance;
  for (const voice of voices(utterance)) {
    signal.throwIfAborted();
    const args = ['--stdin', '--stdout', '-v', voice, ...(ssml ? ['-m'] : [])];
    const synthesis = await synthesize({ program, args, text, signal });
    if (synthesis.type === 'notInstalled') return 'notInstalled';
    const audio = synthesis.type === 'spoken' ? readMonoWav(synthesis.wav) : undefined;
    if (audio !== undefined) return audio;
  }
  return undefined;
}

/** Voices to try: that of the locale, that of its language, English; each in the wanted kind. */
function voices({ locale, voiceKind }: Utterance): readonly string[] {
  const variant = voiceKind === undefined ? '' : voiceKind === 'female' ? '+f3' : '+m3';
  const wanted = (locale ?? 'en-us').toLowerCase();
  const languages = LOCALE.test(wanted) ? [wanted, wanted.split('-')[0] ?? wanted, 'en'] : ['en'];
  return [...new Set(languages)].map((language) => language + variant);
}

/** Lets so many through at a time, the others in the order of asking. */
class Turns {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(atATime: number) {
    this.#free = atATime;
  }

  /** Resolves when it is one's turn, to a function that ends it. */
  async next(): Promise<() => void> {
    if (this.#free === 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.push(resolve);
      await promise;
    } else {
      this.#free--;
    }
    return () => {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    };
  }
}
