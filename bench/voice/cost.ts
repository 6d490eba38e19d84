/** What a frame costs each detector, while somebody speaks in 40 % of the time. */
import { frameLevelDb } from '../../relay/audio/frame-level.ts';
import { VoiceActivity } from '../../relay/listen/voice-activity.ts';
import { onALine, type Phrase, percentile } from './found.ts';
import { frameBytes } from './hearing.ts';
import { LevelActivity } from './level-activity.ts';
import { NEW_NOISES } from './noises.ts';
import { atLevel, mixed, SOUND_RATE_HZ } from './sounds.ts';

const FRAME = 320;
const SPEECH_SHARE = 0.4;
const SPEECH_DB = -26;
const NOISE_DB = -62;

export interface Cost {
  /** Microseconds of CPU a frame, the medians of the rounds. */
  readonly levelUs: number;
  readonly beforeUs: number;
  readonly nowUs: number;
  readonly frames: number;
}

export function costOf(phrases: readonly Phrase[], rounds: number): Cost {
  const frames = framesOf(phrases);
  const work = {
    level: () => {
      for (const frame of frames) frameLevelDb(frame);
    },
    before: () => {
      const activity = new LevelActivity();
      for (const frame of frames) activity.hear(frameLevelDb(frame));
    },
    now: () => {
      const activity = new VoiceActivity('pcm16KMono');
      for (const frame of frames) activity.hear(frame);
    },
  } as const;
  const times = { level: [] as number[], before: [] as number[], now: [] as number[] };
  for (let round = -2; round < rounds; round += 1) {
    for (const name of ['level', 'before', 'now'] as const) {
      const us = cpuUs(work[name]) / frames.length;
      // The first rounds warm up.
      if (round >= 0) times[name].push(us);
    }
  }
  return {
    levelUs: percentile(times.level, 0.5),
    beforeUs: percentile(times.before, 0.5),
    nowUs: percentile(times.now, 0.5),
    frames: frames.length,
  };
}

/** The phrases on a quiet line, with as much silence between them as makes their share of the time. */
function framesOf(phrases: readonly Phrase[]): Uint8Array[] {
  return phrases.flatMap((phrase, seed) => {
    const { length } = phrase.samples;
    const line = new Int16Array(Math.round(length / SPEECH_SHARE / FRAME) * FRAME);
    line.set(
      onALine(phrase, SPEECH_DB).subarray(SOUND_RATE_HZ, SOUND_RATE_HZ + length),
      line.length - length,
    );
    const noisy = mixed(line, atLevel(NEW_NOISES.rain(line.length, seed + 1), NOISE_DB));
    return Array.from({ length: noisy.length / FRAME }, (_, i) => frameBytes(noisy, i));
  });
}

function cpuUs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
