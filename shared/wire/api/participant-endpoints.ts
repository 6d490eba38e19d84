/**
 * Participants of a call: listing, adding, removing, muting, holding. The body names them, since hosts and proxies log
 * the addresses of requests.
 */
import * as z from 'zod';
import { partySchema } from '../call/party-schema.ts';
import { accepted } from './call-schema.ts';
import type { EndpointTable } from './endpoint.ts';
import { OPERATION_PROBLEMS, OUTBOUND_PROBLEMS } from './endpoint-problems.ts';
import { callerIdSchema, displayNameSchema, playedSchema } from './parameter-schemas.ts';

/** Bounds of how long a telephone rings, in milliseconds. */
const RING_MS = { min: 1_000, max: 180_000 };

const participantBody = z.strictObject({ participant: partySchema });

export const participantEndpoints = {
  listParticipants: {
    method: 'GET',
    path: 'calls/{callId}/participants',
    tag: 'participants',
    summary: 'Lists the participants, as Azure Communication Services reports them now',
    role: 'Calls.Read',
    answer: {
      status: 200,
      description: 'The participants.',
      schema: z
        .object({
          participants: z.array(
            z.object({
              rawId: z
                .string()
                .describe(
                  'Identifies the participant in other operations. Its last four characters for callers who may only read.',
                ),
              muted: z.boolean(),
              onHold: z.boolean(),
            }),
          ),
        })
        .meta({ id: 'ParticipantList' }),
    },
    problems: OPERATION_PROBLEMS,
  },
  addParticipant: {
    method: 'POST',
    path: 'calls/{callId}/participants',
    tag: 'participants',
    summary: 'Calls somebody and adds them to the call',
    role: 'Calls.Control',
    body: z.strictObject({
      target: partySchema,
      callerId: callerIdSchema.exactOptional(),
      displayName: displayNameSchema.exactOptional(),
      ringMs: z
        .int()
        .min(RING_MS.min)
        .max(RING_MS.max)
        .exactOptional()
        .describe('How long it may ring, in milliseconds.'),
    }),
    answer: accepted('The participant is being called. `operation.invitationId` cancels it.'),
    problems: [...OPERATION_PROBLEMS, ...OUTBOUND_PROBLEMS],
  },
  cancelAddParticipant: {
    method: 'POST',
    path: 'calls/{callId}/invitations/{invitationId}/cancel',
    tag: 'participants',
    summary: 'Cancels adding a participant',
    role: 'Calls.Control',
    answer: accepted('The invitation is being cancelled.'),
    problems: OPERATION_PROBLEMS,
  },
  removeParticipant: {
    method: 'POST',
    path: 'calls/{callId}/participants/remove',
    tag: 'participants',
    summary: 'Removes a participant from the call',
    role: 'Calls.Control',
    body: participantBody,
    answer: accepted('The participant is being removed.'),
    problems: OPERATION_PROBLEMS,
  },
  muteParticipant: {
    method: 'POST',
    path: 'calls/{callId}/participants/mute',
    tag: 'participants',
    summary: 'Mutes a participant, who can unmute again; telephones cannot be muted',
    role: 'Calls.Control',
    body: participantBody,
    answer: accepted('The participant is being muted.'),
    problems: OPERATION_PROBLEMS,
  },
  unmuteParticipant: {
    method: 'POST',
    path: 'calls/{callId}/participants/unmute',
    tag: 'participants',
    summary: 'Not supported: Azure Communication Services lets participants unmute only themselves',
    role: 'Calls.Control',
    body: participantBody,
    answer: accepted('Never sent: the answer is always 501.'),
    problems: ['not-supported'],
  },
  holdParticipant: {
    method: 'POST',
    path: 'calls/{callId}/participants/hold',
    tag: 'participants',
    summary: 'Puts a participant on hold',
    role: 'Calls.Control',
    body: participantBody.extend({
      music: playedSchema.exactOptional().describe('Played to the participant on hold.'),
    }),
    answer: accepted('The participant is being put on hold.'),
    problems: OPERATION_PROBLEMS,
  },
  unholdParticipant: {
    method: 'POST',
    path: 'calls/{callId}/participants/unhold',
    tag: 'participants',
    summary: 'Takes a participant off hold',
    role: 'Calls.Control',
    body: participantBody,
    answer: accepted('The participant is being taken off hold.'),
    problems: OPERATION_PROBLEMS,
  },
} as const satisfies EndpointTable;
