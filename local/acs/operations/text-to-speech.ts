import { spawn } from 'node:child_process';
import { tonesFor } from '../../phone/speech.ts';
import type { VoiceKind } from './play-source.ts';
import { ssmlWords } from './ssml.ts';
import { type Pcm16, readMonoWav } from './wav-16k.ts';

/** How long a synthesis may take. */
const SYNTHESIS_LIMIT_MS = 10_000;
/** Bytes of speech, at most: about eleven minutes. */
const MAX_SPEECH_BYTES = 32 * 1024 * 1024;
/** Syntheses at a time in one process; more wait. */
const MAX_AT_A_TIME = 4;

const LOCALE = /^[a-z]{2,3}(-[a-z0-9]{2,8}){0,2}$/;

export interface Utterance {
  /** Words, or a whole SSML document. */
  readonly text: string;
  readonly ssml: boolean;
  readonly locale?: string | undefined;
  readonly voiceKind?: VoiceKind | undefined;
}

/** Speaks. Undefined: the words could not be synthesized. Rejects only when aborted. */
export type TextToSpeech = (utterance: Utterance, signal: AbortSignal) => Promise<Pcm16 | undefined>;

export interface TextToSpeechOptions {
  /** Default: `espeak-ng`, found on the PATH. */
  readonly program?: string;
  readonly warn?: (sentence: string) => void;
}

type Outcome =
  | { readonly type: 'spoken'; readonly audio: Pcm16 }
  | { readonly type: 'failed' | 'notInstalled' };

/**
 * Speech of espeak-ng where it is installed. Where it is not, every utterance is a pattern of tones, which nobody takes for speech, and one
 * warning says so.
 */
export function createTextToSpeech(options: TextToSpeechOptions = {}): TextToSpeech {
  const { program = 'espeak-ng', warn = () => {} } = options;
  const turns = new Turns(MAX_AT_A_TIME);
  let installed = true;
  return async (utterance, signal) => {
    if (installed) {
      const done = await turns.next();
      try {
        for (const voice of voices(utterance)) {
          signal.throwIfAborted();
          const outcome = await speak(program, voice, utterance, signal);
          if (outcome.type === 'spoken') return outcome.audio;
          if (outcome.type === 'notInstalled') break;
        }
        if (installed && (await isInstalled(program))) return undefined;
      } finally {
        done();
      }
      if (installed) warn(`${program} is not installed: what is played as text is heard as tones.`);
      installed = false;
    }
    return tonesFor(utterance.ssml ? ssmlWords(utterance.text) : utterance.text);
  };
}

/** Voices to try: that of the locale, that of its language, English; each in the wanted kind. */
function voices({ locale, voiceKind }: Utterance): readonly string[] {
  const variant = voiceKind === undefined ? '' : voiceKind === 'female' ? '+f3' : '+m3';
  const wanted = (locale ?? 'en-us').toLowerCase();
  const languages = LOCALE.test(wanted) ? [wanted, wanted.split('-')[0] ?? wanted, 'en'] : ['en'];
  return [...new Set(languages)].map((language) => language + variant);
}

async function isInstalled(program: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const child = spawn(program, ['--version'], { stdio: 'ignore', timeout: SYNTHESIS_LIMIT_MS });
  child.once('error', () => resolve(false));
  child.once('close', () => resolve(true));
  return promise;
}

/** Runs the program without a shell; the words go in on its standard input, a WAV file comes out. */
function speak(program: string, voice: string, utterance: Utterance, signal: AbortSignal): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const args = ['--stdin', '--stdout', '-v', voice, ...(utterance.ssml ? ['-m'] : [])];
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: SYNTHESIS_LIMIT_MS,
    killSignal: 'SIGKILL',
    signal,
  });
  const chunks: Buffer[] = [];
  let bytes = 0;
  child.once('error', (error: NodeJS.ErrnoException) =>
    resolve({ type: error.code === 'ENOENT' ? 'notInstalled' : 'failed' }),
  );
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_SPEECH_BYTES) child.kill('SIGKILL');
    else chunks.push(chunk);
  });
  // A program that ends without reading everything closes the pipe under the words.
  child.stdin.on('error', () => {});
  child.once('close', (code) => {
    const audio = code === 0 ? readMonoWav(Buffer.concat(chunks)) : undefined;
    resolve(audio === undefined ? { type: 'failed' } : { type: 'spoken', audio });
  });
  child.stdin.end(utterance.text);
  return promise;
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
