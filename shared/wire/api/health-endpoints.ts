/** How the parts of the system are, as the control app sees them. */
import * as z from 'zod';
import type { EndpointTable } from './endpoint.ts';

const part = z
  .object({
    name: z.enum(['storage', 'relay', 'web-pubsub', 'workers']),
    state: z
      .enum(['up', 'busy', 'down', 'unknown'])
      .describe('`busy`: it takes no further call now. `unknown`: the control app cannot ask it.'),
    tookMs: z.number().optional().describe('How long its answer took.'),
    detail: z.string().optional().describe('Why it is not `up`.'),
  })
  .meta({ id: 'PartHealth' });

export const healthEndpoints = {
  getHealth: {
    method: 'GET',
    path: 'health',
    tag: 'health',
    summary: 'Shows whether the control app reaches the other parts of the system',
    role: 'Calls.Read',
    query: z.strictObject({}),
    answer: {
      status: 200,
      description: 'How the parts are. The control app asks them at most every five seconds.',
      schema: z
        .object({
          checkedAtMs: z.number().describe('When they were asked, in milliseconds since the epoch.'),
          parts: z.array(part).describe('In the order of the way of a call.'),
        })
        .meta({ id: 'Health' }),
    },
    problems: [],
  },
} as const satisfies EndpointTable;

export type HealthView = z.output<(typeof healthEndpoints)['getHealth']['answer']['schema']>;
export type PartHealthView = z.output<typeof part>;
