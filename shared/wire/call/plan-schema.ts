import * as z from 'zod';
import { AUDIO_FORMAT_NAMES } from '../../audio/audio-format.ts';
import { type CallPlan, MAX_WORKERS, WORKER_CODECS, WORKER_PRIORITY } from '../../call/plan.ts';
import { WORKER_NAME_PATTERN } from '../names.ts';
import { bargeInSchema } from './barge-in-schema.ts';
import { listenSchema } from './listen-schema.ts';

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
});
