import { defineWorker } from '../kit/define-worker.ts';
import { newRingModulation, ringModulate } from './ring-modulation.ts';

/** Plays back what it hears in the voice of a robot. */
export const robot = defineWorker({
  name: 'robot',
  listen: { mode: 'chunk', ms: 100 },
  initialState: newRingModulation,
  onAudio: (chunk, _call, state) => ringModulate(chunk, state),
});
