import { defineWorker } from '../kit/define-worker.ts';

/** Repeats each utterance, once the caller has finished it. */
export const parrot = defineWorker({
  name: 'parrot',
  listen: { mode: 'utterance' },
  onUtterance: (utterance) => utterance.pcm,
});
