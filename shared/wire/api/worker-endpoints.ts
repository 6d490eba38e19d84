/** The workers of a live call: attaching, detaching, and sending messages. */
import * as z from 'zod';
import { listenOptionsSchema } from '../call/listen-schema.ts';
import { workerPlanSchema } from '../call/plan-schema.ts';
import { WORKER_NAME_PATTERN } from '../names.ts';
import { MAX_MESSAGE_DATA_CHARS } from '../relay/call-control-messages.ts';
import { callSchema } from './call-schema.ts';
import type { EndpointTable } from './endpoint.ts';

const PROBLEMS = [
  'call-ended',
  'call-not-connected',
  'streaming-already-off',
  'not-supported',
  'web-pubsub-unavailable',
] as const;

const told = (description: string) => ({ status: 202, description, schema: callSchema }) as const;

export const workerEndpoints = {
  attachWorker: {
    method: 'PUT',
    path: 'calls/{callId}/workers/{worker}',
    tag: 'workers',
    summary: 'Puts a worker on the call, as a route would; one that is on it already stays as it is',
    role: 'Calls.Control',
    body: workerPlanSchema
      .omit({ name: true })
      .extend({ listen: listenOptionsSchema.default({ mode: 'chunk', ms: 100 }) }),
    answer: told('The relay that has the call is being told. The worker is on it until the stream ends.'),
    problems: PROBLEMS,
  },
  detachWorker: {
    method: 'DELETE',
    path: 'calls/{callId}/workers/{worker}',
    tag: 'workers',
    summary: 'Takes a worker off the call',
    role: 'Calls.Control',
    answer: told('The relay that has the call is being told.'),
    problems: PROBLEMS,
  },
  sendMessage: {
    method: 'POST',
    path: 'calls/{callId}/messages',
    tag: 'workers',
    summary: "Says something to one of the call's workers, or to all of them",
    role: 'Calls.Control',
    body: z.strictObject({
      data: z
        .json()
        .refine(
          (value) => JSON.stringify(value).length <= MAX_MESSAGE_DATA_CHARS,
          `must have at most ${MAX_MESSAGE_DATA_CHARS} characters as JSON`,
        )
        .meta({ description: 'Any JSON; the workers get it in `onMessage`.' }),
      worker: z
        .string()
        .regex(WORKER_NAME_PATTERN, `must match ${WORKER_NAME_PATTERN.source}`)
        .exactOptional()
        .describe('To whom; absent: to all of them.'),
    }),
    answer: told('The relay that has the call is being told.'),
    problems: PROBLEMS,
  },
} as const satisfies EndpointTable;
