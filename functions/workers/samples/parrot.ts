import { defineWorker } from '../kit/define-worker.ts';

/** Says back what was said, a sentence at a time: it waits until the caller has finished. */
export const parrot = defineWorker({
  name: 'parrot',
  listen: { mode: 'utterance' },
  onUtterance: (utterance) => utterance.pcm,
});
