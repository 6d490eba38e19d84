/** Speech by which no threshold was set: a synthetic voice, the samples of this repository, and what is installed. */
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { convertRate } from '../../local/phone/resample.ts';
import { readWav } from '../../shared/audio/wav.ts';
import { chatter } from './chatter.ts';
import type { Phrase } from './found.ts';
import { SOUND_RATE_HZ } from './sounds.ts';

export interface Corpus {
  readonly name: string;
  readonly phrases: readonly Phrase[];
}

export interface Corpora {
  readonly found: readonly Corpus[];
  /** What is not installed, as sentences. */
  readonly skipped: readonly string[];
}

const LANGUAGES = ['en', 'es', 'fr', 'it', 'ru'] as const;
const FOLDER = '/usr/share/asterisk/sounds';
/** Sounds among the prompts that nobody says, or that begin or end with one. */
const NO_SPEECH = /silence|beep|tone|monkey|ascending|spy|dir-/;
const G722_BYTES_A_SECOND = 8_000;
const LENGTHS_S = { min: 0.6, max: 4 } as const;

/** @param most phrases of each corpus */
export function corporaOf(most: number): Corpora {
  const found: Corpus[] = [
    { name: 'samples', phrases: samples() },
    { name: 'synthetic', phrases: synthetic(most) },
  ];
  const skipped: string[] = [];
  if (!isRunnable('ffmpeg', '-version')) {
    return { found, skipped: [`The prompts of Asterisk are skipped: there is no ffmpeg to read them.`] };
  }
  for (const language of LANGUAGES) {
    const phrases = prompts(language, most);
    if (phrases.length > 0) found.push({ name: `prompts ${language}`, phrases });
    else
      skipped.push(
        `The prompts in "${language}" are skipped: asterisk-core-sounds-${language}-g722 is not installed.`,
      );
  }
  return { found, skipped };
}

function samples(): Phrase[] {
  return ['hello.wav', 'question.wav'].map((name) => {
    const audio = readWav(readFileSync(`samples/${name}`));
    return { name, samples: convertRate(audio.samples, audio.sampleRateHz, SOUND_RATE_HZ) };
  });
}

function synthetic(most: number): Phrase[] {
  return Array.from({ length: Math.min(most, 16) }, (_, i) => ({
    name: `synthetic ${i}`,
    samples: chatter(1.5 * SOUND_RATE_HZ, SOUND_RATE_HZ, 500 + i, { pitchHz: 85 + 13 * i }),
  }));
}

/** Thresholds were set by some files of English, Spanish and Russian; these lie between them. */
function prompts(language: string, most: number): Phrase[] {
  if (!existsSync(`${FOLDER}/${language}`)) return [];
  const files = globSync(`${FOLDER}/${language}/*.g722`)
    .filter((file) => !NO_SPEECH.test(file))
    .sort();
  const step = Math.max(1, Math.floor(files.length / 40));
  const phrases: Phrase[] = [];
  for (let at = Math.floor(step / 2); at < files.length && phrases.length < most; at += step) {
    const name = files[at] ?? '';
    const lengthS = statSync(name).size / G722_BYTES_A_SECOND;
    if (lengthS > LENGTHS_S.min && lengthS < LENGTHS_S.max) phrases.push({ name, samples: decoded(name) });
  }
  return phrases;
}

function decoded(file: string): Int16Array {
  const rate = ['-ar', String(SOUND_RATE_HZ), '-ac', '1'];
  const bytes = execFileSync('ffmpeg', [
    '-v',
    'error',
    '-f',
    'g722',
    '-i',
    file,
    '-f',
    's16le',
    ...rate,
    '-',
  ]);
  return new Int16Array(Uint8Array.from(bytes).buffer, 0, bytes.byteLength >> 1);
}

function isRunnable(program: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
