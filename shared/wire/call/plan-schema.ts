import * as z from 'zod';
import { AUDIO_FORMAT_NAMES } from '../../audio/audio-format.ts';
import {
  type BargeInPolicy,
  type CallPlan,
  FALSE_AFTER_MS,
  MAX_WORKERS,
  WORKER_CODECS,
  WORKER_PRIORITY,
} from '../../call/plan.ts';
import { WORKER_NAME_PATTERN } from '../names.ts';
import { listenSchema } from './listen-schema.ts';

/** `bargeIn` of a worker in a plan or a route. */
const bargeInSchema: z.ZodType<BargeInPolicy> = z.discriminatedUnion(
  'policy',
  [
    z.strictObject({ policy: z.literal('stop') }),
    z.strictObject({
      policy: z.literal('pause'),
      falseAfterMs: z.int().min(FALSE_AFTER_MS.min).max(FALSE_AFTER_MS.max),
    }),
    z.strictObject({ policy: z.literal('dtmf') }),
    z.strictObject({ policy: z.literal('never') }),
  ],
  { error: 'the policy must be "stop", "pause" (with falseAfterMs), "dtmf" or "never"' },
);

export const workerPlanSchema = z.strictObject({
  name: z
    .string()
    .regex(
      WORKER_NAME_PATTERN,
      `a worker name matches ${WORKER_NAME_PATTERN.source} (lower case, digits, hyphens)`,
    ),
  listen: listenSchema,
  codec: z.enum(WORKER_CODECS).exactOptional(),
  bargeIn: bargeInSchema.exactOptional(),
  speaks: z.boolean().exactOptional(),
  priority: z.int().min(WORKER_PRIORITY.min).max(WORKER_PRIORITY.max).exactOptional(),
});

/**
 * The plan as it travels in the ticket. Unknown members are dropped, so that a newer control app can talk to an older
 * relay.
 */
export const planSchema: z.ZodType<CallPlan> = z.object({
  format: z.enum(AUDIO_FORMAT_NAMES),
  channels: z.enum(['mixed', 'unmixed']),
  startStreaming: z.boolean(),
  dtmf: z.boolean(),
  workers: z.array(workerPlanSchema).max(MAX_WORKERS),
  idleMs: z.int().positive().exactOptional(),
  storeTranscripts: z.boolean().exactOptional(),
});
