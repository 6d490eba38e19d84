import { type EventGridEvent, eventTime } from './event.ts';
import type { IdentifierJson } from './incoming-call.ts';

/** What all events about one call have in common. */
interface CallingEventOrigin {
  readonly eventId: string;
  /** ARM path of the Communication Services resource. */
  readonly topic: string;
  readonly nowMs: number;
  readonly startedBy: IdentifierJson;
  readonly serverCallId: string;
  readonly correlationId: string;
  readonly isTwoParty: boolean;
}

export type CallingEvent =
  | { readonly type: 'CallStarted' }
  | {
      readonly type: 'CallEnded';
      readonly endedBy: IdentifierJson;
      readonly durationMs: number;
    }
  | {
      readonly type: 'CallParticipantAdded' | 'CallParticipantRemoved';
      readonly user: IdentifierJson;
      readonly participantId: string;
      readonly displayName: string;
    };

/** Everybody has this role in a call that is not a room; the documentation names the roles, not who has which. */
const ROLE = 'Attendee';
/** A call that ended gracefully. */
const ENDED = { code: 0, subCode: 7000, phrase: 'The call has ended.' };
/** Stands for whatever the service would say about a telephone. */
const USER_AGENT = 'trunkline-local';

/**
 * `Microsoft.Communication.CallStarted`, `CallEnded`, `CallParticipantAdded` and `CallParticipantRemoved`: the members
 * are those of the event models of `@azure/eventgrid`, the subjects those of "Azure Communication Services - Voice and
 * video calling events".
 */
export function callingEvent(event: CallingEvent, origin: CallingEventOrigin): EventGridEvent {
  const common = {
    startedBy: participant(origin.startedBy),
    serverCallId: origin.serverCallId,
    isTwoParty: origin.isTwoParty,
    correlationId: origin.correlationId,
    isRoomsCall: false,
  };
  return {
    id: origin.eventId,
    topic: origin.topic,
    subject: subjectOf(event, origin),
    data: { ...detailsOf(event), ...common },
    eventType: `Microsoft.Communication.${event.type}`,
    dataVersion: '1.0',
    metadataVersion: '1',
    eventTime: eventTime(origin.nowMs),
  };
}

function detailsOf(event: CallingEvent): Record<string, unknown> {
  switch (event.type) {
    case 'CallStarted':
      return {};
    case 'CallEnded':
      return {
        endedBy: { communicationIdentifier: event.endedBy, type: 'Participant', name: '' },
        reason: ENDED,
        callDurationInSeconds: event.durationMs / 1000,
      };
    case 'CallParticipantAdded':
    case 'CallParticipantRemoved':
      return {
        user: participant(event.user),
        displayName: event.displayName,
        participantId: event.participantId,
        userAgent: USER_AGENT,
      };
  }
}

function subjectOf(event: CallingEvent, { serverCallId, startedBy }: CallingEventOrigin): string {
  switch (event.type) {
    case 'CallStarted':
      return `call/${serverCallId}/startedBy/${startedBy.rawId}`;
    case 'CallEnded':
      return `call/${serverCallId}`;
    case 'CallParticipantAdded':
    case 'CallParticipantRemoved':
      return `call/${serverCallId}/participant/${event.user.rawId}`;
  }
}

function participant(communicationIdentifier: IdentifierJson): Record<string, unknown> {
  return { communicationIdentifier, role: ROLE };
}
