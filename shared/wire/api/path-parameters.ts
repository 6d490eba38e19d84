/** The parameters that paths of the HTTP API have, each with one meaning everywhere. */
import * as z from 'zod';
import { partySchema } from '../call/party-schema.ts';
import { CALL_ID_PATTERN, WORKER_NAME_PATTERN } from '../names.ts';

export const PATH_PARAMETERS = {
  callId: z.string().regex(CALL_ID_PATTERN).describe('The id of the call.'),
  participant: partySchema,
  invitationId: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,128}$/, 'must be an invitation id')
    .describe('The id that adding a participant was answered with.'),
  worker: z
    .string()
    .regex(WORKER_NAME_PATTERN, `must match ${WORKER_NAME_PATTERN.source}`)
    .describe('The name of the worker.'),
} as const;

export type PathParameter = keyof typeof PATH_PARAMETERS;

export function isPathParameter(name: string): name is PathParameter {
  return Object.hasOwn(PATH_PARAMETERS, name);
}
