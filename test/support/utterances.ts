import type { ListenMode } from '../../shared/call/plan.ts';

/** How a worker of a plan listens to utterances: every value as it is where whoever wrote the plan gave none. */
export const UTTERANCES = {
  mode: 'utterance',
  endSilenceMs: 500,
  maxMs: 15_000,
  minSpeechMs: 120,
  preRollMs: 300,
  speechEvents: false,
} as const satisfies ListenMode;
