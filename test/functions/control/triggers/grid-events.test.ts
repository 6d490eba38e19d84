import { type CloudEvent, isSystemEvent } from '@azure/eventgrid';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseGridEvent } from '../../../../functions/control/triggers/incoming-call.ts';

const data = {
  to: { kind: 'phoneNumber', rawId: '4:+18005550199', phoneNumber: { value: '+18005550199' } },
  from: { kind: 'phoneNumber', rawId: '4:+14255550123', phoneNumber: { value: '+14255550123' } },
  serverCallId: 'aHR0cHM6',
  callerDisplayName: '',
  customContext: { sipHeaders: { 'User-To-User': 'x' }, voipHeaders: {} },
  incomingCallContext: 'eyJhbGciOi.opaque',
  correlationId: '30f0ad34-0000-0000-0000-000000000000',
};

const gridEvent = {
  id: 'e1',
  topic: '/subscriptions/s/resourceGroups/g/providers/Microsoft.Communication/communicationServices/c',
  subject: '/caller/4:+1/recipient/4:+2',
  data,
  eventType: 'Microsoft.Communication.IncomingCall',
  dataVersion: '1.0',
  metadataVersion: '1',
  eventTime: '2023-04-04T17:18:42.5542219Z',
};

const cloudEvent = {
  id: 'e1',
  source: gridEvent.topic,
  subject: gridEvent.subject,
  type: 'Microsoft.Communication.IncomingCall',
  time: '2023-04-04T17:18:42.5542219+00:00',
  specversion: '1.0',
  data,
};

describe('the event IncomingCall', () => {
  it.each(['Microsoft.Communication.IncomingCall', 'Microsoft.Communication.CallStarted', 'incomingcall'])(
    'is told from others as the SDK tells it: %s',
    (type) => {
      for (const event of [
        { ...gridEvent, eventType: type },
        { ...cloudEvent, type },
      ])
        expect(parseGridEvent(event).kind === 'incomingCall').toBe(
          isSystemEvent('Microsoft.Communication.IncomingCall', event as unknown as CloudEvent<unknown>),
        );
    },
  );

  it.each([
    ['the Event Grid schema', gridEvent],
    ['a CloudEvent', cloudEvent],
  ])('is read from %s', (_what, event) => {
    expect(parseGridEvent(event)).toEqual({
      kind: 'incomingCall',
      call: {
        eventId: 'e1',
        atMs: Date.UTC(2023, 3, 4, 17, 18, 42, 554),
        incomingCallContext: 'eyJhbGciOi.opaque',
        from: { rawId: '4:+14255550123', phoneNumber: '+14255550123' },
        to: { rawId: '4:+18005550199', phoneNumber: '+18005550199' },
        serverCallId: 'aHR0cHM6',
        correlationId: data.correlationId,
        sipHeaders: { 'User-To-User': 'x' },
        voipHeaders: {},
      },
    });
  });

  it('is read without the members that ACS leaves out at times', () => {
    const bare = {
      to: { rawId: '8:acs:r_u', communicationUser: { id: '8:acs:r_u' } },
      from: { phoneNumber: { value: '+14255550123' } },
      incomingCallContext: 'context',
    };
    expect(parseGridEvent({ ...gridEvent, eventTime: undefined, data: bare })).toEqual({
      kind: 'incomingCall',
      call: {
        eventId: 'e1',
        incomingCallContext: 'context',
        from: { rawId: '4:+14255550123', phoneNumber: '+14255550123' },
        to: { rawId: '8:acs:r_u' },
        sipHeaders: {},
        voipHeaders: {},
      },
    });
  });

  const number = { rawId: '4:+14255550123', phoneNumber: '+14255550123' };
  it.each([
    [{ ...data.from, communicationUser: null }, number],
    [{ ...data.from, rawId: null }, number],
    [{ ...data.from, rawId: '', kind: null, microsoftTeamsUser: null, microsoftTeamsApp: 7 }, number],
    [{ ...data.from, phoneNumber: null }, { rawId: number.rawId }],
    [{ ...data.from, phoneNumber: { value: '' } }, { rawId: number.rawId }],
    [{ ...data.from, phoneNumber: { value: null } }, { rawId: number.rawId }],
    [{ ...data.from, phoneNumber: '+1' }, { rawId: number.rawId }],
    [
      { rawId: '4:anonymous', phoneNumber: { value: 'anonymous' } },
      { rawId: '4:anonymous', phoneNumber: 'anonymous' },
    ],
    [{ rawId: '4:anonymous', phoneNumber: null }, { rawId: '4:anonymous' }],
    [{ phoneNumber: { value: 'anonymous' } }, { rawId: '4:anonymous', phoneNumber: 'anonymous' }],
    [
      {
        rawId: '4:+14255550123_assertedId',
        phoneNumber: { value: '+14255550123', isAnonymous: false, assertedId: 'assertedId' },
      },
      { rawId: '4:+14255550123_assertedId', phoneNumber: '+14255550123' },
    ],
    [{ rawId: '8:gcch-acs:r_u', communicationUser: { id: '8:gcch-acs:r_u' } }, { rawId: '8:gcch-acs:r_u' }],
    [{ rawId: null, communicationUser: { id: '8:dod-acs:r_u' } }, { rawId: '8:dod-acs:r_u' }],
    [{ rawId: '8:orgid:u', communicationUser: { id: null } }, { rawId: '8:orgid:u' }],
    [{ microsoftTeamsUser: { userId: 'u' } }, { rawId: '8:orgid:u' }],
    [{ microsoftTeamsUser: { userId: 'u', isAnonymous: null, cloud: null } }, { rawId: '8:orgid:u' }],
    [{ microsoftTeamsUser: { userId: 'u', isAnonymous: false, cloud: 'public' } }, { rawId: '8:orgid:u' }],
    [{ microsoftTeamsUser: { userId: 'u', isAnonymous: true } }, { rawId: '8:teamsvisitor:u' }],
    [{ microsoftTeamsUser: { userId: 'u', cloud: 'gcch' } }, { rawId: '8:gcch:u' }],
    [{ microsoftTeamsUser: { userId: 'u', cloud: 'dod' } }, { rawId: '8:dod:u' }],
    [{ microsoftTeamsApp: { appId: 'a' } }, { rawId: '28:orgid:a' }],
    [{ microsoftTeamsApp: { appId: 'a', cloud: 'gcch' } }, { rawId: '28:gcch:a' }],
    [{ microsoftTeamsApp: { appId: 'a', cloud: 'dod' } }, { rawId: '28:dod:a' }],
    [{ rawId: 'x'.repeat(100_000) }, { rawId: 'unknown' }],
    [{ kind: 'unknown' }, { rawId: 'unknown' }],
    [{}, { rawId: 'unknown' }],
    [null, { rawId: 'unknown' }],
    ['4:+14255550123', { rawId: 'unknown' }],
    [[], { rawId: 'unknown' }],
    [undefined, { rawId: 'unknown' }],
  ])('is read whatever party it names: %j', (given, read) => {
    expect(parseGridEvent({ ...gridEvent, data: { ...data, from: given } })).toMatchObject({
      call: { from: read },
    });
    expect(parseGridEvent({ ...gridEvent, data: { ...data, to: given } })).toMatchObject({
      call: { to: read },
    });
    const { from: _from, to: _to, ...rest } = data;
    const both = given === undefined ? rest : { ...rest, from: given, to: given };
    expect(parseGridEvent({ ...cloudEvent, data: both })).toMatchObject({ call: { from: read, to: read } });
  });

  it.each([null, undefined, 7, {}, ''])('is read where what is not needed is %j', (odd) => {
    const rest = { serverCallId: odd, correlationId: odd, customContext: odd, callerDisplayName: odd };
    for (const event of [
      { ...gridEvent, id: odd, eventTime: odd, type: odd, time: odd, subject: odd, dataVersion: odd },
      { ...cloudEvent, id: odd, time: odd, eventType: odd, eventTime: odd, source: odd, specversion: odd },
    ])
      expect(parseGridEvent({ ...event, data: { ...data, ...rest } })).toMatchObject({
        kind: 'incomingCall',
        call: { incomingCallContext: data.incomingCallContext, from: number, sipHeaders: {} },
      });
  });

  it('is read whatever stands where its parties should', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (from, to) => {
        expect(parseGridEvent({ ...gridEvent, data: { ...data, from, to } }).kind).toBe('incomingCall');
      }),
    );
  });

  it('brings its custom headers, as far as they are texts', () => {
    const customContext = { sipHeaders: { 'X-MS-Custom-Tenant': 'contoso', odd: 7 }, voipHeaders: null };
    expect(parseGridEvent({ ...gridEvent, data: { ...data, customContext } })).toMatchObject({
      call: { sipHeaders: { 'X-MS-Custom-Tenant': 'contoso' }, voipHeaders: {} },
    });
  });

  it('is told from events of other types', () => {
    expect(
      parseGridEvent({ ...gridEvent, eventType: 'Microsoft.Communication.CallStarted', data: {} }),
    ).toEqual({
      kind: 'other',
      type: 'Microsoft.Communication.CallStarted',
    });
  });

  it('is not understood without what names the call, and the reason holds no values', () => {
    const { incomingCallContext: _, ...rest } = data;
    expect(
      parseGridEvent({ ...gridEvent, data: { ...rest, from: { kind: 'unknown', secret: '+1' } } }),
    ).toEqual({
      kind: 'malformed',
      problem: 'missing or not valid: data.incomingCallContext',
    });
  });

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(parseGridEvent(value).kind).toBe('malformed');
      }),
    );
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(parseGridEvent({ ...gridEvent, data: value }).kind).toBe('malformed');
      }),
    );
  });
});
