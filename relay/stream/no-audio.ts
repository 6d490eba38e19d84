import type { WorkerAudio } from '../listening/worker-audio.ts';

/** The audio of a lane on which none travels. */
export const NO_AUDIO: WorkerAudio = Object.freeze({
  queuedBytes: 0,
  droppedMs: 0,
  push: () => {},
  advance: () => {},
  take: () => undefined,
  takeRest: () => undefined,
  lost: () => {},
  discard: () => {},
});
