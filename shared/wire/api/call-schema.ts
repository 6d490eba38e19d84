/** A call as the HTTP API shows it. */
import * as z from 'zod';
import {
  CALL_DECISIONS,
  CALL_DIRECTIONS,
  CALL_ENDERS,
  CALL_PHASES,
  PLACING_FAILURES,
  RECORDING_STATES,
  STREAMING_STATES,
  TRANSCRIPTION_STATES,
} from '../../call/states.ts';
import { planSchema } from '../call/plan-schema.ts';

const time = (what: string): z.ZodNumber => z.number().describe(`${what}, in milliseconds since the epoch.`);

const reason = z.string().describe('The reason, with the status and code of Azure Communication Services.');

const streaming = z.object({
  state: z.enum(STREAMING_STATES),
  sinceMs: time('When this state began'),
  retries: z.int().describe('Automatic starts in a row without a stable stream in between.'),
  reason: reason.optional(),
});

/** An operation that was requested on a call, and its result. */
const operationSchema = z
  .object({
    id: z.string(),
    type: z.string(),
    state: z.enum(['pending', 'succeeded', 'failed']),
    requestedAtMs: time('When it was requested'),
    settledAtMs: time('When Azure Communication Services reported the result').optional(),
    reason: reason.optional(),
    invitationId: z.string().optional().describe('Cancels adding the participant (`cancelAddParticipant`).'),
  })
  .meta({ id: 'Operation' });

export const callSchema = z
  .object({
    callId: z.string(),
    direction: z.enum(CALL_DIRECTIONS),
    state: z.enum(CALL_PHASES),
    streaming,
    recording: z.object({ state: z.enum(RECORDING_STATES), recordingId: z.string().optional() }),
    transcription: z.object({ state: z.enum(TRANSCRIPTION_STATES) }),
    held: z.int().describe('How many participants are on hold.'),
    operations: z
      .array(operationSchema)
      .describe('The most recent operations, in the order of the requests.'),
    route: z.string(),
    decision: z.enum(CALL_DECISIONS),
    plan: planSchema.meta({ id: 'CallPlan' }),
    from: z.string().describe('The last four characters of the caller.'),
    to: z.string().describe('The last four characters of the callee.'),
    receivedAtMs: time('When the call came in or was placed'),
    answeredAtMs: time('When it was answered').optional(),
    connectedAtMs: time('When it was connected').optional(),
    transferredAtMs: time('When a participant was transferred').optional(),
    endedAtMs: time('When it ended').optional(),
    endReason: z.string().optional(),
    endedBy: z
      .enum(CALL_ENDERS)
      .optional()
      .describe(
        'Who ended the call, or asks for its end: `participant`, somebody on the telephone; `application`, a caller of ' +
          'this API; `worker`; `route`, which rejected or redirected it, or ended it as streaming had failed; `silence`, ' +
          'as long as the route allows; `time-limit`; `transfer`; `failure`; `unknown` if it was found to be gone.',
      ),
    failure: z.enum(PLACING_FAILURES).optional().describe('Why placing the call failed.'),
    callConnectionId: z.string().optional(),
    serverCallId: z.string().optional(),
    correlationId: z.string().optional(),
  })
  .meta({ id: 'Call' });

/**
 * A call after an operation was accepted. The status is 202, since Azure Communication Services reports the result
 * later.
 */
export const acceptedCallSchema = callSchema
  .extend({
    operation: z
      .object({
        id: z.string(),
        invitationId: z
          .string()
          .optional()
          .describe('Cancels adding the participant (`cancelAddParticipant`).'),
        recordingId: z.string().optional(),
      })
      .describe('The accepted operation. `operations` of the call lists its result under this id.'),
  })
  .meta({ id: 'AcceptedCall' });

/** The answer of an operation that Azure Communication Services has accepted. */
export const accepted = (description: string) =>
  ({ status: 202, description, schema: acceptedCallSchema }) as const;

export const timelineEntrySchema = z
  .object({
    id: z.string().describe('The same event always has the same id.'),
    atMs: time('When it happened, by the clock of its source'),
    source: z.enum(['event-grid', 'acs', 'api', 'control', 'worker']),
    type: z
      .string()
      .describe(
        'Messages to one worker within a minute share an entry `MessageSent`: its details have `count` and `lastAtMs` if ' +
          'there was more than one. `Note` is a text that a worker publishes (`worker`, `text`, and `isCut` if it was ' +
          'longer). `Transcript` has words that somebody spoke: only callers with the role `Calls.Listen` get it.',
      ),
    details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  })
  .meta({ id: 'TimelineEntry' });

export type CallView = z.output<typeof callSchema>;
export type AcceptedCallView = z.output<typeof acceptedCallSchema>;
export type TimelineEntryView = z.output<typeof timelineEntrySchema>;
