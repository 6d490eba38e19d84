/** The workers of a live call: attaching, detaching, and sending messages. */
import * as z from 'zod';
import { CHUNK_MS } from '../../call/plan.ts';
import { listenOptionsSchema } from '../call/listen-schema.ts';
import { workerPlanSchema } from '../call/plan-schema.ts';
import { MAX_MESSAGE_DATA_CHARS } from '../lane/worker-messages.ts';
import { WORKER_NAME_PATTERN } from '../names.ts';
import { callSchema } from './call-schema.ts';
import type { EndpointTable } from './endpoint.ts';

const PROBLEMS = [
  'call-ended',
  'call-not-connected',
  'streaming-already-off',
  'not-supported',
  'web-pubsub-unavailable',
] as const;

const sent = (description: string) => ({ status: 202, description, schema: callSchema }) as const;

export const workerEndpoints = {
  attachWorker: {
    method: 'PUT',
    path: 'calls/{callId}/workers/{worker}',
    tag: 'workers',
    summary: 'Attaches a worker; one that is already attached stays as it is',
    role: 'Calls.Control',
    body: workerPlanSchema
      .omit({ name: true })
      .extend({ listen: listenOptionsSchema.default({ mode: 'chunk', ms: CHUNK_MS.default }) }),
    answer: sent(
      'The message is on its way to the relay. The worker stays attached until it is detached or the call ends.',
    ),
    problems: PROBLEMS,
  },
  detachWorker: {
    method: 'DELETE',
    path: 'calls/{callId}/workers/{worker}',
    tag: 'workers',
    summary: 'Detaches a worker',
    role: 'Calls.Control',
    answer: sent('The message is on its way to the relay.'),
    problems: PROBLEMS,
  },
  sendMessage: {
    method: 'POST',
    path: 'calls/{callId}/messages',
    tag: 'workers',
    summary: 'Sends a message to a worker, or to all workers of the call',
    role: 'Calls.Control',
    body: z.strictObject({
      data: z
        .json()
        .refine(
          (value) => JSON.stringify(value).length <= MAX_MESSAGE_DATA_CHARS,
          `must have at most ${MAX_MESSAGE_DATA_CHARS} characters as JSON`,
        )
        .meta({ description: 'Any JSON. Workers receive it in `onMessage`.' }),
      worker: z
        .string()
        .regex(WORKER_NAME_PATTERN, `must match ${WORKER_NAME_PATTERN.source}`)
        .exactOptional()
        .describe('The worker. Defaults to all workers of the call.'),
    }),
    answer: sent('The message is on its way to the relay.'),
    problems: PROBLEMS,
  },
} as const satisfies EndpointTable;
