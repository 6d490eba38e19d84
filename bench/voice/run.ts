/**
 * Who is heard and who is not, and what listening costs: `npm run bench -- voice [--smoke] [--json file]`.
 * Sounds and speech are others than those by which the detector's thresholds were set. Fails when somebody is heard in
 * a noise that is no voice, or when a phrase is missed at 10 dB above the noise or more.
 */
import { frameLevelDb } from '../../relay/audio/frame-level.ts';
import { readArguments } from '../../shared/base/command-line.ts';
import { benchCommand, writeJsonReport } from '../common/options.ts';
import { type Corpora, corporaOf } from './corpora.ts';
import { type Cost, costOf } from './cost.ts';
import { type Found, found, onALine, type Phrase, percentile } from './found.ts';
import { type Detector, hear } from './hearing.ts';
import { LevelActivity } from './level-activity.ts';
import { NEW_NOISES, NOT_PROMISED } from './noises.ts';
import { atLevel, lowPassed, mixed, type Noise, SOUND_RATE_HZ } from './sounds.ts';

const FULL = {
  seconds: 20,
  levels: [-60, -55, -50, -45, -40, -35, -30, -25],
  phrases: 24,
  rounds: 9,
} as const;
const SMOKE = { seconds: 4, levels: [-50, -30], phrases: 4, rounds: 3 } as const;
type Plan = typeof FULL | typeof SMOKE;

const SPEECH_DB = -26;
const LINE_DB = -75;
const CLEAN_DB = [-10, -20, -26, -32, -40, -46] as const;
const SNR_DB = [30, 20, 15, 10, 5, 0] as const;
/** Down to here every phrase is found. */
const PROMISED_SNR_DB = 10;
const STEADY = {
  rain: NEW_NOISES.rain,
  'vacuum cleaner': NEW_NOISES['vacuum cleaner'],
  'soft noise': lowPassed(0.8),
} as const satisfies Readonly<Record<string, Noise>>;

interface NoiseRow {
  readonly noise: string;
  readonly isPromised: boolean;
  readonly starts: number;
  /** Of the detector by level alone. */
  readonly startsBefore: number;
  readonly minutes: number;
}

interface SpeechRow {
  readonly line: string;
  readonly isPromised: boolean;
  readonly phrases: number;
  readonly missed: number;
  readonly strongShare: number;
  readonly startMs: readonly [p50: number, p90: number];
  readonly onsetLostMs: readonly [p50: number, p90: number];
  readonly tailLostMs: readonly [p50: number, p90: number];
}

interface Result {
  readonly noises: readonly NoiseRow[];
  readonly clean: readonly SpeechRow[];
  readonly noisy: readonly SpeechRow[];
  readonly cost: Cost;
  readonly skipped: readonly string[];
}

const BENCH = benchCommand('voice', 'Measures in which noises the voice detector hears speech.', {});

export async function run(args: readonly string[]): Promise<number> {
  const { values } = readArguments(BENCH, args);
  const plan = values.smoke ? SMOKE : FULL;
  const corpora = corporaOf(plan.phrases);
  const result = measure(plan, corpora);
  process.stdout.write(report(result, corpora));
  await writeJsonReport(values.json, result);
  const failures = failuresOf(result);
  for (const failure of failures) process.stdout.write(`FAILED: ${failure}\n`);
  return failures.length === 0 ? 0 : 1;
}

function measure(plan: Plan, { found: corpora, skipped }: Corpora): Result {
  const phrases = corpora.flatMap((corpus) => corpus.phrases);
  return {
    noises: [
      ...Object.entries(NEW_NOISES).map(([name, noise]) => noiseRow(name, noise, true, plan)),
      ...Object.entries(NOT_PROMISED).map(([name, noise]) => noiseRow(name, noise, false, plan)),
    ],
    clean: CLEAN_DB.map((levelDb) =>
      speechRow(`${levelDb} dB`, phrases, levelDb, lowPassed(0), LINE_DB, true),
    ),
    noisy: SNR_DB.flatMap((snrDb) =>
      Object.entries(STEADY).map(([name, noise]) =>
        speechRow(
          `${snrDb} dB, ${name}`,
          phrases,
          SPEECH_DB,
          noise,
          SPEECH_DB - snrDb,
          snrDb >= PROMISED_SNR_DB,
        ),
      ),
    ),
    cost: costOf(phrases, plan.rounds),
    skipped,
  };
}

/** From the first frame, and from the second second on. */
function noiseRow(noise: string, sound: Noise, isPromised: boolean, { seconds, levels }: Plan): NoiseRow {
  const samples = sound(seconds * SOUND_RATE_HZ, 77);
  let starts = 0;
  let startsBefore = 0;
  for (const levelDb of levels) {
    const line = atLevel(samples, levelDb);
    for (const each of [line, line.slice().fill(0, 0, SOUND_RATE_HZ)]) {
      starts += hear(each).speeches.length;
      startsBefore += hear(each, 'pcm16KMono', byLevelAlone()).speeches.length;
    }
  }
  return { noise, isPromised, starts, startsBefore, minutes: (2 * levels.length * seconds) / 60 };
}

function byLevelAlone(): Detector {
  const activity = new LevelActivity();
  return {
    hear(pcm) {
      const levelDb = frameLevelDb(pcm);
      const isSpeech = activity.hear(levelDb);
      return { isSpeech, isVoiced: isSpeech, levelDb };
    },
  };
}

function speechRow(
  line: string,
  phrases: readonly Phrase[],
  levelDb: number,
  noise: Noise,
  noiseDb: number,
  isPromised: boolean,
): SpeechRow {
  const all: Found[] = phrases.map((phrase, seed) => {
    const clean = onALine(phrase, levelDb);
    return found(clean, levelDb, hear(mixed(clean, atLevel(noise(clean.length, 300 + seed), noiseDb))));
  });
  const heard = all.filter(({ startedAfterMs }) => startedAfterMs !== undefined);
  const both = (values: readonly number[]): [number, number] => [
    percentile(values, 0.5),
    percentile(values, 0.9),
  ];
  return {
    line,
    isPromised,
    phrases: all.length,
    missed: all.length - heard.length,
    strongShare: all.reduce((sum, { share }) => sum + share, 0) / all.length,
    startMs: both(heard.flatMap(({ startedAfterMs }) => startedAfterMs ?? [])),
    onsetLostMs: both(heard.map(({ onsetLostMs }) => onsetLostMs)),
    tailLostMs: both(heard.map(({ tailLostMs }) => tailLostMs)),
  };
}

function failuresOf({ noises, clean, noisy }: Result): string[] {
  return [
    ...noises
      .filter(({ isPromised, starts }) => isPromised && starts > 0)
      .map(({ noise }) => `somebody is heard in: ${noise}`),
    ...[...clean, ...noisy]
      .filter(({ isPromised, missed }) => isPromised && missed > 0)
      .map(({ line, missed, phrases }) => `${missed} of ${phrases} phrases are missed at ${line}`),
  ];
}

function report({ noises, clean, noisy, cost, skipped }: Result, { found: corpora }: Corpora): string {
  const us = (value: number): string => `${value.toFixed(2)} µs`;
  return [
    `Speech: ${corpora.map(({ name, phrases }) => `${name} (${phrases.length})`).join(', ')}`,
    ...skipped,
    '',
    'Nobody speaks                starts   by level alone   in minutes',
    ...noises.map(
      ({ noise, isPromised, starts, startsBefore, minutes }) =>
        `${noise.padEnd(28)} ${String(starts).padStart(6)} ${String(startsBefore).padStart(16)} ${minutes.toFixed(1).padStart(12)}${isPromised ? '' : '   not promised'}`,
    ),
    '',
    `Somebody speaks               missed   strong   start told    onset lost   tail lost (p50/p90 in ms)`,
    ...[...clean, ...noisy].map(speechLine),
    '',
    `CPU a frame, ${cost.frames} frames with 40 % speech: level ${us(cost.levelUs)}, by level alone ${us(cost.beforeUs)}, now ${us(cost.nowUs)}`,
    '',
  ].join('\n');
}

function speechLine({
  line,
  phrases,
  missed,
  strongShare,
  startMs,
  onsetLostMs,
  tailLostMs,
}: SpeechRow): string {
  return [
    line.padEnd(26),
    `${missed} of ${phrases}`.padStart(10),
    `${(100 * strongShare).toFixed(1)} %`.padStart(8),
    ...[startMs, onsetLostMs, tailLostMs].map((each) => each.join('/').padStart(12)),
  ].join(' ');
}
