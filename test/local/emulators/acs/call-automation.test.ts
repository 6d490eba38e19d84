import { CallAutomationClient, parseCallAutomationEvent } from '@azure/communication-call-automation';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { closedAfterEach } from '../../../support/closed-after-each.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { until } from '../../../support/until.ts';
import { acceptAll, CALLED, CALLER, startAcsFixture, types } from './acs-fixture.ts';
import { answered, failsWith, MEDIA } from './answered-call.ts';

const fixture = closedAfterEach(startAcsFixture);

describe('answerCall', () => {
  it('returns the properties of a connecting call', async () => {
    const f = await fixture();
    const { call, incomingCallContext } = await f.ring();
    const result = await f.client.answerCall(incomingCallContext, f.callbackUrl, {
      mediaStreamingOptions: MEDIA,
    });
    expect(result.callConnectionProperties).toMatchObject({
      callConnectionId: call.ids.callConnectionId,
      serverCallId: call.ids.serverCallId,
      correlationId: call.ids.correlationId,
      callConnectionState: 'connecting',
      callbackUri: f.callbackUrl,
      source: { phoneNumber: CALLER, rawId: `4:${CALLER}` },
      targetParticipants: [{ communicationUserId: f.ownUserId }],
      sourceDisplayName: CALLER,
      answeredFor: { phoneNumber: CALLED },
      mediaStreamingSubscription: { state: 'inactive', subscribedContentTypes: ['audio'] },
    });
  });

  it('dials the media URL as it is, with a token for this connection and the ids of the call', async () => {
    const f = await fixture();
    const { call, incomingCallContext } = await f.ring();
    await f.client.answerCall(incomingCallContext, f.callbackUrl, { mediaStreamingOptions: MEDIA });
    const { options } = await until(() => f.media.streams[0], 'the media socket to be dialled');
    expect(options).toMatchObject({
      url: MEDIA.transportUrl,
      audioFormat: 'pcm24KMono',
      audioChannelType: 'mixed',
      enableBidirectional: true,
      enableDtmfTones: false,
      headers: {
        'x-ms-call-connection-id': call.ids.callConnectionId,
        'x-ms-call-correlation-id': call.ids.correlationId,
      },
    });
    const { issuer, audience, jwksUrl } = f.acs.tokens;
    const token = options.headers['Authorization']?.replace('Bearer ', '') ?? '';
    const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(jwksUrl)), { issuer, audience });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(24 * 60 * 60);
  });

  it('tells CallConnected and ParticipantsUpdated, then MediaStreamingStarted, which the SDK understands', async () => {
    const f = await fixture();
    const { call, incomingCallContext } = await f.ring();
    await f.client.answerCall(incomingCallContext, f.callbackUrl, {
      mediaStreamingOptions: MEDIA,
      operationContext: 'oc',
    });
    await f.callback('MediaStreamingStarted');
    await f.callback('ParticipantsUpdated');
    await f.callback('CallConnected');
    expect(call.events.map(({ type }) => type)).toEqual([
      'IncomingCall',
      'CallConnected',
      'ParticipantsUpdated',
      'MediaStreamingStarted',
    ]);
    const events = f.callbacks();
    expect(new Set(events.map(({ id }) => id)).size).toBe(3);
    for (const { body } of f.webhook.requests.filter(({ url }) => url === '/cb')) {
      expect(JSON.parse(body)[0].data.version).toBe('2026-03-12');
      expect(parseCallAutomationEvent(body).callConnectionId).toBe(events[0]?.data['callConnectionId']);
    }
    const connected = await f.callback('CallConnected');
    expect(connected.data['operationContext']).toBe('oc');
  });

  it('signs each callback with a token of its own that verifies against the published keys', async () => {
    const f = await fixture();
    await answered(f);
    await f.callback('ParticipantsUpdated');
    const { issuer, audience, jwksUrl } = f.acs.tokens;
    const configuration = await (
      await fetch(`${f.acs.url}/calling/.well-known/acsopenidconfiguration`)
    ).json();
    expect(configuration).toMatchObject({ issuer, jwks_uri: jwksUrl });
    const keys = createRemoteJWKSet(new URL(jwksUrl));
    const tokens = f.webhook.requests
      .filter(({ url }) => url === '/cb')
      .map(({ headers }) => headers.authorization?.replace('Bearer ', '') ?? '');
    expect(new Set(tokens).size).toBe(2);
    for (const token of tokens) {
      const { payload } = await jwtVerify(token, keys, { issuer, audience, algorithms: ['RS256'] });
      expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(5 * 60);
    }
  });

  it('refuses a context that was used before', async () => {
    const f = await fixture();
    const { call, incomingCallContext } = await f.ring();
    await f.client.answerCall(incomingCallContext, f.callbackUrl);
    await expect(f.client.answerCall(incomingCallContext, f.callbackUrl)).rejects.toEqual(
      failsWith(400, '8523'),
    );
    await expect(f.client.rejectCall(incomingCallContext)).rejects.toEqual(failsWith(400, '8523'));
    expect(call.answers).toEqual({ accepted: 1, refused: 1, replayed: 0 });
  });

  it('refuses a context that is not its own, and a callback URL in plain http to another host', async () => {
    const f = await fixture();
    const { incomingCallContext } = await f.ring();
    await expect(f.client.answerCall('eyJnothing', f.callbackUrl)).rejects.toEqual(failsWith(400, '8523'));
    await expect(f.client.answerCall(incomingCallContext, 'http://app.example/cb')).rejects.toEqual(
      failsWith(400, '8523'),
    );
  });

  it('comes too late after 30 seconds of ringing', async () => {
    const clock = new ManualClock(Date.now());
    const f = await fixture({ clock });
    const { call, incomingCallContext } = await f.ring();
    clock.advance(29_999);
    expect(call.state).toBe('ringing');
    clock.advance(1);
    expect(call).toMatchObject({ state: 'disconnected', outcome: 'notAnswered' });
    await expect(f.client.answerCall(incomingCallContext, f.callbackUrl)).rejects.toEqual(
      failsWith(404, '8522'),
    );
  });

  it('comes too late after the caller has hung up', async () => {
    const f = await fixture();
    const { call, incomingCallContext } = await f.ring();
    call.hangUpByCaller();
    expect(call.outcome).toBe('abandonedByCaller');
    await expect(f.client.answerCall(incomingCallContext, f.callbackUrl)).rejects.toEqual(
      failsWith(404, '8522'),
    );
  });

  it('is performed once when the SDK repeats it after a lost response', async () => {
    const f = await fixture({
      faults: {
        rules: [
          {
            on: 'rest',
            fault: 'error',
            when: 'after',
            status: 503,
            count: 2,
            operation: 'answerCall',
            retryAfterMs: 1,
          },
        ],
      },
    });
    const { call, incomingCallContext } = await f.ring();
    const { callConnectionProperties } = await f.client.answerCall(incomingCallContext, f.callbackUrl);
    expect(callConnectionProperties.callConnectionId).toBe(call.ids.callConnectionId);
    expect(call.answers).toEqual({ accepted: 1, refused: 0, replayed: 2 });
  });
});

describe('rejectCall', () => {
  it('ends the ringing', async () => {
    const f = await fixture();
    const { call, incomingCallContext } = await f.ring();
    await f.client.rejectCall(incomingCallContext, { callRejectReason: 'busy' });
    expect(call).toMatchObject({ state: 'disconnected', outcome: 'rejected' });
    await expect(f.client.answerCall(incomingCallContext, f.callbackUrl)).rejects.toEqual(
      failsWith(400, '8523'),
    );
  });
});

describe('getCallConnectionProperties', () => {
  it('shows the state of the call and of its media subscription', async () => {
    const f = await fixture();
    const connection = await answered(f, { mediaStreamingOptions: MEDIA });
    await f.callback('MediaStreamingStarted');
    expect(await connection.getCallConnectionProperties()).toMatchObject({
      callConnectionState: 'connected',
      mediaStreamingSubscription: { state: 'active' },
    });
    await connection.getCallMedia().stopMediaStreaming();
    expect(await connection.getCallConnectionProperties()).toMatchObject({
      mediaStreamingSubscription: { state: 'inactive' },
    });
  });

  it('shows a disabled subscription without media streaming options', async () => {
    const f = await fixture();
    const properties = await (await answered(f)).getCallConnectionProperties();
    expect(properties.mediaStreamingSubscription).toEqual({ state: 'disabled' });
  });

  it('finds neither unknown calls nor calls that still ring nor ended ones', async () => {
    const f = await fixture();
    const { call } = await f.ring();
    const unknown = f.client.getCallConnection('00000000-0000-4000-8000-000000000000');
    await expect(unknown.getCallConnectionProperties()).rejects.toEqual(failsWith(404, '8522'));
    const ringing = f.client.getCallConnection(call.ids.callConnectionId);
    await expect(ringing.getCallConnectionProperties()).rejects.toEqual(failsWith(404, '8522'));
    const connection = await answered(f);
    await connection.hangUp(false);
    await f.callback('CallDisconnected');
    await expect(connection.getCallConnectionProperties()).rejects.toEqual(failsWith(404, '8522'));
  });
});

describe('hangUp', () => {
  it.each([false, true])('with "for everyone" %s ends the call and says so last', async (forEveryone) => {
    const f = await fixture();
    const connection = await answered(f, { mediaStreamingOptions: MEDIA });
    await f.callback('MediaStreamingStarted');
    await connection.hangUp(forEveryone);
    expect(f.media.streams[0]?.stopped).toBe(true);
    const disconnected = await f.callback('CallDisconnected');
    expect(disconnected.data['resultInformation']).toMatchObject({ code: 200, subCode: 7000 });
    expect(types(f).at(-1)).toBe('CallDisconnected');
    expect(types(f)).not.toContain('MediaStreamingStopped');
    await expect(connection.hangUp(forEveryone)).rejects.toEqual(failsWith(404, '8522'));
  });

  it('by the caller is told in the same way', async () => {
    const f = await fixture();
    const { call, incomingCallContext } = await f.ring();
    await f.client.answerCall(incomingCallContext, f.callbackUrl);
    await f.callback('CallConnected');
    call.hangUpByCaller();
    call.hangUpByCaller();
    await f.callback('CallDisconnected');
    await until(() => call.state === 'disconnected', 'the call to end');
    expect(call.outcome).toBe('hungUpByCaller');
    expect(types(f).filter((type) => type === 'CallDisconnected')).toHaveLength(1);
  });

  it('right after the answer ends the call without connecting it', async () => {
    const f = await fixture({ behaviour: { dialDelayMs: 5_000, connectDelayMs: 5_000 } });
    const { incomingCallContext } = await f.ring();
    const { callConnection } = await f.client.answerCall(incomingCallContext, f.callbackUrl, {
      mediaStreamingOptions: MEDIA,
    });
    await callConnection.hangUp(true);
    await f.callback('CallDisconnected');
    expect(types(f)).toEqual(['CallDisconnected']);
    expect(f.media.streams).toEqual([]);
  });

  it('tells MediaStreamingStopped first where that is switched on', async () => {
    const f = await fixture({ behaviour: { stoppedEventOnHangUp: true } });
    const connection = await answered(f, { mediaStreamingOptions: MEDIA });
    await f.callback('ParticipantsUpdated');
    await f.callback('MediaStreamingStarted');
    await connection.hangUp(true);
    await f.callback('CallDisconnected');
    expect(types(f).slice(-2)).toEqual(['MediaStreamingStopped', 'CallDisconnected']);
  });

  it('is performed once when the SDK repeats it after a lost response', async () => {
    const f = await fixture();
    const connection = await answered(f);
    f.acs.armFault({ on: 'rest', fault: 'error', when: 'after', status: 503, count: 1, retryAfterMs: 1 });
    await expect(connection.hangUp(true)).resolves.toBeUndefined();
    await f.callback('CallDisconnected');
  });
});

describe('callbacks', () => {
  it('are repeated with the same id until they are accepted', async () => {
    let refusals = 1;
    const f = await fixture(
      { behaviour: { callbackRetryDelaysMs: [1, 1, 1] } },
      (request, response, index) => {
        if (request.body.includes('CallConnected') && refusals-- > 0) response.writeHead(500).end();
        else acceptAll(request, response, index);
      },
    );
    await answered(f);
    const connected = await until(() => {
      const found = f.callbacks().filter(({ type }) => type.endsWith('.CallConnected'));
      return found.length === 2 && found;
    }, 'the repetition');
    expect(connected[0]?.id).toBe(connected[1]?.id);
  });
});

describe('the access key', () => {
  it('is needed for every operation', async () => {
    const f = await fixture();
    const { incomingCallContext } = await f.ring();
    const other = await fixture();
    const stranger = f.acs.connectionString.replace(
      /accesskey=.*/,
      other.acs.connectionString.split(';')[1] ?? '',
    );
    const client = new CallAutomationClient(stranger, { allowInsecureConnection: true });
    await expect(client.answerCall(incomingCallContext, f.callbackUrl)).rejects.toEqual(
      failsWith(401, '7509'),
    );
    const unsigned = await fetch(`${f.acs.url}/calling/callConnections/x?api-version=2026-03-12`);
    expect(unsigned.status).toBe(401);
  });
});
