/** How a worker listens: complete, as it travels in the ticket, and with defaults, as routes and workers write it. */
import * as z from 'zod';
import {
  CHUNK_MS,
  type EndpointingRules,
  type ListenMode,
  shortestMaxMs,
  UTTERANCE_MS,
} from '../../call/plan.ts';

const UNKNOWN_MODE = 'the listen mode must be "chunk", "utterance" or "stream"';

function milliseconds({ min, max }: { readonly min: number; readonly max: number }): z.ZodInt {
  return z.int().min(min).max(max);
}

const chunk = z.strictObject({ mode: z.literal('chunk'), ms: milliseconds(CHUNK_MS) });

const utterance = z.strictObject({
  mode: z.literal('utterance'),
  endSilenceMs: milliseconds(UTTERANCE_MS.endSilenceMs),
  maxMs: milliseconds(UTTERANCE_MS.maxMs),
  minSpeechMs: milliseconds(UTTERANCE_MS.minSpeechMs),
  preRollMs: milliseconds(UTTERANCE_MS.preRollMs),
  speechEvents: z.boolean(),
});

const stream = z.strictObject({ mode: z.literal('stream') });

export const listenSchema: z.ZodType<ListenMode> = z.discriminatedUnion(
  'mode',
  [chunk, utterance.check(hasRoom), stream],
  { error: UNKNOWN_MODE },
);

const chunkOptions = chunk.extend({ ms: chunk.shape.ms.default(CHUNK_MS.default) });

const { shape } = utterance;
const utteranceOptions = utterance.extend({
  endSilenceMs: shape.endSilenceMs.default(UTTERANCE_MS.endSilenceMs.default),
  maxMs: shape.maxMs.default(UTTERANCE_MS.maxMs.default),
  minSpeechMs: shape.minSpeechMs.default(UTTERANCE_MS.minSpeechMs.default),
  preRollMs: shape.preRollMs.default(UTTERANCE_MS.preRollMs.default),
  speechEvents: shape.speechEvents.default(false),
});

export const listenOptionsSchema = z.discriminatedUnion(
  'mode',
  [chunkOptions, utteranceOptions.check(hasRoom), stream],
  {
    error: UNKNOWN_MODE,
  },
);

/** A listen mode in which everything but `mode` may be left out. */
export type ListenOptions = z.input<typeof listenOptionsSchema>;

/** An utterance must have room for its parts. */
function hasRoom({ value, issues }: z.core.ParsePayload<EndpointingRules>): void {
  const leastMs = shortestMaxMs(value);
  if (value.maxMs >= leastMs) return;
  issues.push({
    code: 'custom',
    input: value,
    path: ['maxMs'],
    message: `maxMs must be at least preRollMs + 2 * minSpeechMs + endSilenceMs, which is ${leastMs}, not ${value.maxMs}`,
  });
}
