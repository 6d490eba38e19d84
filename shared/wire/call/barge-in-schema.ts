import * as z from 'zod';
import { type BargeInPolicy, FALSE_AFTER_MS } from '../../call/plan.ts';

/** `bargeIn` of a worker in a plan or a route. */
export const bargeInSchema: z.ZodType<BargeInPolicy> = z.discriminatedUnion(
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
