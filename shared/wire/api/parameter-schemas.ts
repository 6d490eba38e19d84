/** Parameters that several operations share: path parameters, and members of queries and bodies. */
import * as z from 'zod';
import { phoneNumberSchema } from '../call/party-schema.ts';
import { lineSchema } from '../call/passed-on-schema.ts';
import { playSourceSchema } from '../call/play-source-schema.ts';
import { CALL_ID_PATTERN, WORKER_NAME_PATTERN } from '../names.ts';

export const PATH_PARAMETERS = {
  callId: z.string().regex(CALL_ID_PATTERN).describe('The id of the call.'),
  invitationId: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,128}$/, 'must be an invitation id')
    .describe('The `operation.invitationId` in the answer to adding a participant.'),
  worker: z
    .string()
    .regex(WORKER_NAME_PATTERN, `must match ${WORKER_NAME_PATTERN.source}`)
    .describe('The name of the worker.'),
} as const;

type PathParameter = keyof typeof PATH_PARAMETERS;

export function isPathParameter(name: string): name is PathParameter {
  return Object.hasOwn(PATH_PARAMETERS, name);
}

/** A query parameter that bounds how many entries an answer has. */
export function limitSchema({ default: usual, max }: { readonly default: number; readonly max: number }) {
  return z
    .string()
    .regex(/^\d{1,6}$/, `must be a whole number from 1 to ${max}`)
    .transform(Number)
    .pipe(z.int().min(1).max(max))
    .default(usual)
    .describe('The most entries in the answer.');
}

/** What a participant hears, under its name in the OpenAPI document. */
export const playedSchema = playSourceSchema.meta({ id: 'PlaySource' });

export const callerIdSchema = phoneNumberSchema.describe(
  'A telephone number of the Communication Services resource. Required to call a telephone.',
);

export const displayNameSchema = lineSchema(256).describe(
  'Shown to the callee by apps that show names. No control characters.',
);
