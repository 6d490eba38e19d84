import { defineWorker } from '../kit/define-worker.ts';

/** Plays back what it hears. */
export const echo = defineWorker({
  name: 'echo',
  listen: { mode: 'chunk', ms: 100 },
  onAudio: (chunk) => chunk.pcm,
});
