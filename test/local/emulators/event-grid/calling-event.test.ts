import { describe, expect, it } from 'vitest';
import { type CallingEvent, callingEvent } from '../../../../local/emulators/event-grid/calling-event.ts';
// The client's own description of the events; nothing of the package's surface tells their members at run time.
import * as mappers from '../../../../node_modules/@azure/eventgrid/dist/esm/generated/models/mappers.js';

const CALLER = { kind: 'communicationUser', rawId: '8:acs:a_b', communicationUser: { id: '8:acs:a_b' } };
const ORIGIN = {
  eventId: 'event-1',
  topic: '/subscriptions/x',
  nowMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  startedBy: CALLER,
  serverCallId: 'server-call',
  correlationId: 'correlation',
  isTwoParty: true,
};
const PARTICIPANT = { user: CALLER, participantId: 'p-1', displayName: 'Ada' };

interface Property {
  readonly serializedName?: string | undefined;
  readonly required?: boolean | undefined;
  readonly type: { readonly name: string; readonly className?: string | undefined };
}

/** The members of a model, by their names on the wire. */
function membersOf(className: string): ReadonlyMap<string, Property> {
  const mapper = Object.entries(mappers).find(([name]) => name === className)?.[1] as
    | { readonly type: { readonly modelProperties?: Readonly<Record<string, Property>> } }
    | undefined;
  if (mapper?.type.modelProperties === undefined) throw new Error(`the client knows no model ${className}`);
  return new Map(
    Object.entries(mapper.type.modelProperties).map(([name, property]) => [
      property.serializedName ?? name,
      property,
    ]),
  );
}

/** Members that the model does not know, and required ones that are absent, with their paths. */
function differences(value: object, className: string, path = ''): string[] {
  const members = membersOf(className);
  const absent = [...members]
    .filter(([name, { required }]) => required === true && !(name in value))
    .map(([name]) => `absent: ${path}${name}`);
  const wrong = Object.entries(value).flatMap(([name, child]) => {
    const property = members.get(name);
    if (property === undefined) return [`unknown: ${path}${name}`];
    const { className: childClass } = property.type;
    return childClass === undefined ? [] : differences(child as object, childClass, `${path}${name}.`);
  });
  return [...absent, ...wrong];
}

describe('the events of calls', () => {
  it.each<[string, CallingEvent, string]>([
    ['AcsCallStartedEventData', { type: 'CallStarted' }, 'call/server-call/startedBy/8:acs:a_b'],
    ['AcsCallEndedEventData', { type: 'CallEnded', endedBy: CALLER, durationMs: 1_500 }, 'call/server-call'],
    [
      'AcsCallParticipantAddedEventData',
      { type: 'CallParticipantAdded', ...PARTICIPANT },
      'call/server-call/participant/8:acs:a_b',
    ],
    [
      'AcsCallParticipantRemovedEventData',
      { type: 'CallParticipantRemoved', ...PARTICIPANT },
      'call/server-call/participant/8:acs:a_b',
    ],
  ])('%s has the members that the Event Grid client knows', (className, event, subject) => {
    const { data, ...envelope } = callingEvent(event, ORIGIN);
    expect(envelope).toEqual({
      id: 'event-1',
      topic: '/subscriptions/x',
      subject,
      eventType: `Microsoft.Communication.${event.type}`,
      dataVersion: '1.0',
      metadataVersion: '1',
      eventTime: '2026-01-02T03:04:05.6780000Z',
    });
    expect(differences(data as object, className)).toEqual([]);
    expect(data).toMatchObject({
      startedBy: { communicationIdentifier: CALLER },
      correlationId: 'correlation',
    });
  });

  it('tell how long the call was in seconds, and who ended it', () => {
    const { data } = callingEvent({ type: 'CallEnded', endedBy: CALLER, durationMs: 1_500 }, ORIGIN);
    expect(data).toMatchObject({
      callDurationInSeconds: 1.5,
      endedBy: { communicationIdentifier: CALLER, type: 'Participant' },
    });
  });
});
