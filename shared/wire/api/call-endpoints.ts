/** Calls as a whole: listing, placing, showing, ending and transferring them. */
import * as z from 'zod';
import { CALL_DIRECTIONS, CALL_PHASES } from '../../call/states.ts';
import { partySchema } from '../call/party-schema.ts';
import { CURSOR_PATTERN } from '../names.ts';
import { acceptedCallSchema, callSchema, timelineEntrySchema } from './call-schema.ts';
import type { EndpointTable } from './endpoint.ts';
import { OPERATION_PROBLEMS, OUTBOUND_PROBLEMS } from './endpoint-problems.ts';
import { callerIdSchema, displayNameSchema, limitSchema } from './parameter-schemas.ts';

const LIST_LIMIT = { default: 100, max: 1_000 };

const routeName = z.string().min(1).max(63).describe('The name of a route.');

export const callEndpoints = {
  listCalls: {
    method: 'GET',
    path: 'calls',
    tag: 'calls',
    summary: 'Lists live calls, or past ones, newest first',
    role: 'Calls.Read',
    query: z.strictObject({
      state: z
        .enum(CALL_PHASES)
        .exactOptional()
        .describe('Only calls in this state. `ended` lists past calls, the last to end first.'),
      callConnectionId: z
        .string()
        .min(1)
        .max(256)
        .exactOptional()
        .describe('Only the call that Azure Communication Services names so, live or past.'),
      route: routeName.exactOptional().describe('Only calls of this route.'),
      direction: z.enum(CALL_DIRECTIONS).exactOptional().describe('Only calls of this direction.'),
      limit: limitSchema(LIST_LIMIT),
      after: z
        .string()
        .regex(CURSOR_PATTERN, 'must be the `next` of an earlier answer')
        .exactOptional()
        .describe('Continues after an earlier answer: its `next`.'),
    }),
    answer: {
      status: 200,
      description: 'The calls.',
      schema: z
        .object({
          calls: z.array(callSchema),
          truncated: z.boolean().describe('Whether there may be more: `next` says where.'),
          next: z
            .string()
            .optional()
            .describe(
              'The `after` of the next page; missing on the last page. One request looks through some thousand past calls, so where few of them match, a page may be short or empty and yet have a `next`.',
            ),
        })
        .meta({ id: 'CallList' }),
    },
    problems: [],
  },
  placeCall: {
    method: 'POST',
    path: 'calls',
    tag: 'calls',
    summary: 'Places a call',
    role: 'Calls.Control',
    body: z.strictObject({
      to: partySchema,
      callerId: callerIdSchema.exactOptional(),
      displayName: displayNameSchema.exactOptional(),
      route: routeName
        .exactOptional()
        .describe('The outbound route to use. Defaults to the first that matches.'),
    }),
    answer: {
      status: 202,
      description: 'The call is being placed. If that fails, `failure` of the call says why.',
      schema: callSchema,
    },
    problems: [...OUTBOUND_PROBLEMS, 'no-route', 'operation-not-possible', 'acs-refused', 'acs-unavailable'],
  },
  getCall: {
    method: 'GET',
    path: 'calls/{callId}',
    tag: 'calls',
    summary: 'Shows a live or past call with its timeline',
    role: 'Calls.Read',
    answer: {
      status: 200,
      description: 'The call.',
      schema: callSchema
        .extend({
          timeline: z.array(timelineEntrySchema).describe('The earliest entries.'),
          timelineTruncated: z.boolean().describe('Whether there are more: `timelineNext` says where.'),
          timelineNext: z
            .string()
            .optional()
            .describe('The `after` with which `getTimeline` goes on; missing if this is the whole timeline.'),
        })
        .meta({ id: 'CallWithTimeline' }),
    },
    problems: [],
  },
  hangUp: {
    method: 'POST',
    path: 'calls/{callId}/hang-up',
    tag: 'calls',
    summary: 'Hangs up, for everybody or for the application only',
    role: 'Calls.Control',
    body: z.strictObject({
      forEveryone: z
        .boolean()
        .default(true)
        .describe('If false, the application leaves and the others stay on the call.'),
    }),
    answer: { status: 202, description: 'The call, which is ending.', schema: callSchema },
    problems: ['call-ended', 'call-not-connected', 'acs-refused', 'acs-unavailable'],
  },
  transfer: {
    method: 'POST',
    path: 'calls/{callId}/transfer',
    tag: 'calls',
    summary: 'Transfers a participant',
    role: 'Calls.Control',
    body: z.strictObject({
      target: partySchema,
      transferee: partySchema
        .exactOptional()
        .describe('The participant to transfer. Defaults to the only other participant.'),
    }),
    answer: { status: 202, description: 'The transfer has started.', schema: acceptedCallSchema },
    problems: [...OPERATION_PROBLEMS, ...OUTBOUND_PROBLEMS, 'transfer-under-way'],
  },
} as const satisfies EndpointTable;
