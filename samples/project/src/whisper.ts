/** Gives callers back what they say, at a quarter of its loudness. */
import { defineWorker } from 'trunkline/kit';

export const whisper = defineWorker({
  name: 'whisper',
  listen: { mode: 'chunk', ms: 100 },
  onAudio: (chunk) => quieter(chunk.pcm),
});

export function quieter(samples: Int16Array): Int16Array {
  return samples.map((sample) => sample >> 2);
}
