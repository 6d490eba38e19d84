import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCallbacks } from '../../../../functions/control/triggers/call-events.ts';

/** The envelope of a captured event of the service. */
function event(type: string, data: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: 'd13c62c5-721e-44b9-a680-9866c33db7e7',
    source: 'calling/callConnections/4c1f5600-a9c6-4343-8979-b638a98de98f',
    type: `Microsoft.Communication.${type}`,
    data: {
      eventSource: 'calling/callConnections/4c1f5600-a9c6-4343-8979-b638a98de98f',
      operationContext: 'mine',
      version: '2024-06-15-preview',
      callConnectionId: '4c1f5600-a9c6-4343-8979-b638a98de98f',
      serverCallId: 'aHR0cHM6',
      correlationId: '30f0ad34-0000-0000-0000-000000000000',
      ...data,
    },
    time: '2024-05-02T11:20:42.9110236+00:00',
    specversion: '1.0',
    datacontenttype: 'application/json',
    subject: 'calling/callConnections/4c1f5600-a9c6-4343-8979-b638a98de98f',
  };
}

const started = event('MediaStreamingStarted', {
  resultInformation: { code: 200, subCode: 0, message: 'Action completed successfully.' },
  mediaStreamingUpdate: {
    contentType: 'Audio',
    mediaStreamingStatus: 'mediaStreamingStarted',
    mediaStreamingStatusDetails: 'subscriptionStarted',
  },
});

describe('callback events', () => {
  it('are read with their ids, their time and their result', () => {
    expect(parseCallbacks([started])).toEqual({
      ignored: 0,
      callbacks: [
        {
          id: 'd13c62c5-721e-44b9-a680-9866c33db7e7',
          kind: 'MediaStreamingStarted',
          type: 'MediaStreamingStarted',
          atMs: Date.UTC(2024, 4, 2, 11, 20, 42, 911),
          callConnectionId: '4c1f5600-a9c6-4343-8979-b638a98de98f',
          serverCallId: 'aHR0cHM6',
          correlationId: '30f0ad34-0000-0000-0000-000000000000',
          reason: '200/0 subscriptionStarted',
          details: {
            code: 200,
            subCode: 0,
            message: 'Action completed successfully.',
            status: 'mediaStreamingStarted',
            statusDetails: 'subscriptionStarted',
          },
        },
      ],
    });
  });

  it('come in arrays of several, of which none is lost', () => {
    const { callbacks } = parseCallbacks([event('CallConnected'), started, event('ParticipantsUpdated')]);
    expect(callbacks.map(({ kind }) => kind)).toEqual([
      'CallConnected',
      'MediaStreamingStarted',
      'ParticipantsUpdated',
    ]);
  });

  it('may come alone, without an array', () => {
    expect(parseCallbacks(started).callbacks).toHaveLength(1);
  });

  it('of unknown types are kept as such', () => {
    expect(parseCallbacks([event('SomethingOfNextYear')]).callbacks).toMatchObject([
      { kind: 'other', type: 'SomethingOfNextYear' },
    ]);
  });

  it('of unknown types are counted when there are many, and never take the place of known ones', () => {
    const unknown = Array.from({ length: 40 }, (_, index) => ({ ...event('OfNextYear'), id: `u-${index}` }));
    const { callbacks, ignored } = parseCallbacks([...unknown, started, ...unknown]);
    expect(callbacks.filter(({ kind }) => kind === 'other')).toHaveLength(8);
    expect(callbacks.filter(({ kind }) => kind === 'MediaStreamingStarted')).toHaveLength(1);
    expect(ignored).toBe(72);
  });

  it('beyond a hundred of one request are counted and not read', () => {
    const many = Array.from({ length: 400 }, (_, index) => ({ ...started, id: `s-${index}` }));
    const { callbacks, ignored } = parseCallbacks(many);
    expect([callbacks.length, ignored]).toEqual([100, 300]);
  });

  it('that are none are counted, and the others are read', () => {
    const withoutConnection = event('CallDisconnected', { callConnectionId: undefined });
    const { callbacks, ignored } = parseCallbacks([
      null,
      'text',
      {},
      { ...started, type: 'Other.Vendor.Event' },
      { ...started, type: 'Microsoft.Communication.<script>' },
      withoutConnection,
      started,
    ]);
    expect(callbacks).toHaveLength(1);
    expect(ignored).toBe(6);
  });

  it('survive members of the wrong type', () => {
    const odd = event('MediaStreamingFailed', {
      resultInformation: 'no',
      mediaStreamingUpdate: 7,
      participants: {},
    });
    expect(parseCallbacks([odd]).callbacks).toMatchObject([{ kind: 'MediaStreamingFailed', details: {} }]);
  });

  it('keep nothing that may not be stored: numbers, participants, tones, contexts, URLs', () => {
    const secrets = [
      event('ParticipantsUpdated', {
        participants: [{ identifier: { rawId: '4:+14255550123' }, isMuted: false }],
        sequenceNumber: 3,
      }),
      event('ContinuousDtmfRecognitionToneReceived', { tone: 'seven', sequenceId: 9 }),
      event('RecognizeCompleted', {
        recognitionType: 'dtmf',
        dtmfResult: { tones: ['one', 'two'] },
        speechResult: { speech: 'my password is swordfish' },
      }),
      event('MediaStreamingFailed', {
        resultInformation: {
          code: 400,
          subCode: 8581,
          message: 'wss://relay.example/media/x?ticket=eyJhbGciOiJI is not valid, caller +1 425 555 0123',
        },
      }),
    ];
    const text = JSON.stringify(
      parseCallbacks(secrets).callbacks.map(({ details, reason }) => ({ details, reason })),
    );
    expect(text).toContain('"participants":1');
    expect(text).toContain('"sequenceId":9');
    for (const secret of ['4255550123', '425 555', 'seven', 'one', 'swordfish', 'ticket', 'wss:', 'mine'])
      expect(text, secret).not.toContain(secret);
  });

  it('keep their codes and lose texts of a million characters, in no time', () => {
    const long = '1 '.repeat(500_000);
    const startedMs = performance.now();
    const { callbacks, ignored } = parseCallbacks([
      {
        id: 'a',
        type: 'Microsoft.Communication.CallDisconnected',
        time: long,
        data: {
          callConnectionId: 'connection',
          serverCallId: long,
          recordingId: long,
          recognitionType: long,
          state: long,
          resultInformation: { code: 487, subCode: 1, message: long },
          mediaStreamingUpdate: { mediaStreamingStatus: long, mediaStreamingStatusDetails: long },
        },
      },
    ]);
    expect(performance.now() - startedMs).toBeLessThan(500);
    expect(ignored).toBe(0);
    expect(callbacks).toEqual([
      {
        id: 'a',
        kind: 'CallDisconnected',
        type: 'CallDisconnected',
        callConnectionId: 'connection',
        reason: '487/1',
        details: { code: 487, subCode: 1 },
      },
    ]);
  });

  it('never throw, whatever comes', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(parseCallbacks(value).callbacks).toEqual([]);
      }),
    );
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const { callbacks, ignored } = parseCallbacks([{ ...started, data: value }]);
        expect(callbacks.length + ignored).toBe(1);
      }),
    );
  });
});
