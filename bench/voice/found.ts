/** What of a phrase is found on a line of 16 kHz, by the levels of its clean frames. */
import { frameLevelDb } from '../../relay/audio/frame-level.ts';
import type { AudioFormat } from '../../shared/audio/audio-format.ts';
import { frameBytes, type Heard } from './hearing.ts';
import { SOUND_RATE_HZ } from './sounds.ts';

const RATE = SOUND_RATE_HZ;
const FRAME = 320;
/** Silence before a phrase: long enough for the detector to know the line. */
export const LEAD = RATE;

export interface Phrase {
  readonly name: string;
  readonly samples: Int16Array;
}

/** The phrase at this level (that of its loud frames), a second after the beginning and with a second behind it. */
export function onALine({ samples }: Phrase, levelDb: number): Int16Array<ArrayBuffer> {
  const levels = levelsOf(samples);
  const loud = levels.filter((level) => level > Math.max(...levels) - 25);
  const isDb = 10 * Math.log10(loud.reduce((sum, level) => sum + 10 ** (level / 10), 0) / loud.length);
  const line = new Int16Array(LEAD + samples.length + RATE);
  line.set(
    samples.map((sample) => Math.round(sample * 10 ** ((levelDb - isDb) / 20))),
    LEAD,
  );
  return line;
}

export function levelsOf(samples: Int16Array, format: AudioFormat = 'pcm16KMono'): number[] {
  const frames = Math.floor(samples.length / (format === 'pcm16KMono' ? FRAME : 480));
  return Array.from({ length: frames }, (_, i) => frameLevelDb(frameBytes(samples, i, format)));
}

export interface Found {
  /** From the first frame that holds speech to the end of the one that made it sure. */
  readonly startedAfterMs: number | undefined;
  readonly onsetLostMs: number;
  /** Of the strong frames. */
  readonly share: number;
  readonly tailLostMs: number;
}

/** What was found of a phrase, by the levels of the clean one. */
export function found(clean: Int16Array, levelDb: number, { speeches }: Heard): Found {
  const levels = levelsOf(clean);
  const first = levels.findIndex((level) => level > levelDb - 25);
  const last = levels.findLastIndex((level) => level > levelDb - 25);
  const start = speeches.find(({ from, toldAt }) => toldAt >= first && from <= last);
  const strong = levels.flatMap((level, i) => (level > levelDb - 12 ? [i] : []));
  const inside = strong.filter((i) => speeches.some(({ from, to }) => i >= from && i < to));
  return {
    startedAfterMs: start === undefined ? undefined : (start.toldAt - first + 1) * 20,
    onsetLostMs: Math.max(0, (start?.from ?? 0) - first) * 20,
    share: inside.length / strong.length,
    tailLostMs: Math.max(0, last + 1 - (speeches.at(-1)?.to ?? 0)) * 20,
  };
}

export const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ??
  Number.NaN;
