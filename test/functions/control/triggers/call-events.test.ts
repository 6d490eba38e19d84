import { beforeEach, describe, expect, it } from 'vitest';
import { callEvents } from '../../../../functions/control/triggers/call-events.ts';
import { PROBLEM_CONTENT_TYPE } from '../../../../shared/wire/api/problem.ts';
import { CONNECTION_ID } from '../../../support/calls.ts';
import { CONNECTED_ID, ring } from '../../../support/connected-call.ts';
import { type Answer, ControlFixture, type RequestOptions } from '../../../support/control-fixture.ts';

let fixture: ControlFixture;

beforeEach(async () => {
  fixture = new ControlFixture();
  await ring(fixture);
});

function post(events: unknown, options: RequestOptions = {}): Promise<Answer> {
  return fixture.call(callEvents(fixture.load), {
    params: { callId: CONNECTED_ID },
    headers: { authorization: 'Bearer good' },
    body: events,
    ...options,
  });
}

async function types(): Promise<string[]> {
  return (await fixture.store.timeline(CONNECTED_ID, 100)).map(({ type }) => type);
}

const failure = {
  resultInformation: { code: 500, subCode: 8603, message: 'not able to establish websocket connection' },
  mediaStreamingUpdate: {
    mediaStreamingStatus: 'mediaStreamingFailed',
    mediaStreamingStatusDetails: 'streamConnectionUnsuccessful',
  },
};

describe('the callback of ACS', () => {
  it('applies events, answers 200 and writes them to the timeline', async () => {
    fixture.nowMs += 10;
    const { status } = await post([fixture.callbackEvent('CallConnected', 'a')]);
    expect(status).toBe(200);
    expect(await fixture.store.get(CONNECTED_ID)).toMatchObject({ phase: 'connected' });
    expect(await types()).toEqual(['IncomingCall', 'AnswerSucceeded', 'CallConnected']);
  });

  it.each([
    ['no token', {}],
    ['a bad token', { authorization: 'Bearer bad' }],
  ])('refuses a caller with %s, and changes nothing', async (_what, headers) => {
    const answer = await post([fixture.callbackEvent('CallDisconnected', 'a')], { headers });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('content-type')).toBe(PROBLEM_CONTENT_TYPE);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(answer.json).toMatchObject({ type: 'urn:trunkline:problem:unauthorized', status: 401 });
    expect((await fixture.store.get(CONNECTED_ID))?.phase).toBe('answering');
  });

  it('does not tell a caller without a token which calls there are', async () => {
    const answer = await post([], { headers: {}, params: { callId: 'a'.repeat(32) } });
    expect(answer.status).toBe(401);
  });

  it('knows no other calls', async () => {
    const events = [fixture.callbackEvent('CallConnected', 'a')];
    for (const callId of ['a'.repeat(32), '../../etc', '']) {
      const answer = await post(events, { params: { callId } });
      expect(answer.status, callId).toBe(404);
      expect(answer.json).toMatchObject({ type: 'urn:trunkline:problem:call-not-found' });
    }
  });

  it('refuses a body that is not JSON', async () => {
    expect((await post('{')).status).toBe(400);
  });

  it('applies several events of one request, and a duplicate once', async () => {
    fixture.nowMs += 10;
    const connected = fixture.callbackEvent('CallConnected', 'a');
    const started = fixture.callbackEvent('MediaStreamingStarted', 'b');
    await post([started, connected, connected]);
    await post([connected]);
    expect(await fixture.store.get(CONNECTED_ID)).toMatchObject({
      phase: 'connected',
      streaming: { state: 'active' },
    });
    expect((await types()).sort()).toEqual(
      ['AnswerSucceeded', 'CallConnected', 'IncomingCall', 'MediaStreamingStarted'].sort(),
    );
  });

  it('takes events at the same time without losing any', async () => {
    await Promise.all([
      post([fixture.callbackEvent('CallConnected', 'a', { correlationId: 'k' })]),
      post([fixture.callbackEvent('ParticipantsUpdated', 'b')]),
      post([fixture.callbackEvent('MediaStreamingStarted', 'c')]),
    ]);
    expect(await fixture.store.get(CONNECTED_ID)).toMatchObject({
      phase: 'connected',
      streaming: { state: 'active' },
    });
    expect(await types()).toHaveLength(5);
  });

  it('writes events of unknown types to the timeline only, and counts what is no event', async () => {
    fixture.nowMs += 10;
    const answer = await post([fixture.callbackEvent('OfNextYear', 'a'), { type: 'Other' }, 7]);
    expect(answer.status).toBe(200);
    expect(await types()).toContain('OfNextYear');
    expect(fixture.logged.join('\n')).toContain('ignored=2');
  });

  it.each(['9999-12-31T23:59:59Z', '+275760-09-13T00:00:00Z'])(
    'dated %s hide none that follow',
    async (time) => {
      const recording = { recordingId: 'r1', serverCallId: 'server-call' };
      await post([fixture.callbackEvent('CallConnected', 'a')]);
      await post([
        { ...fixture.callbackEvent('MediaStreamingStarted', 'b'), time },
        { ...fixture.callbackEvent('TranscriptionStarted', 'c'), time },
        { ...fixture.callbackEvent('RecordingStateChanged', 'd', { ...recording, state: 'active' }), time },
      ]);
      const states = async () => {
        const { streaming, transcription, recording } =
          (await fixture.store.get(CONNECTED_ID)) ?? expect.unreachable('it is stored');
        return [streaming.state, transcription.state, recording.state];
      };
      expect(await states()).toEqual(['active', 'active', 'recording']);
      fixture.nowMs += 10;
      await post([
        fixture.callbackEvent('MediaStreamingStopped', 'e'),
        fixture.callbackEvent('TranscriptionStopped', 'f'),
        fixture.callbackEvent('RecordingStateChanged', 'g', { ...recording, state: 'inactive' }),
      ]);
      expect(await states()).toEqual(['inactive', 'inactive', 'inactive']);
    },
  );

  it('notes late events without bringing the call back', async () => {
    await post([fixture.callbackEvent('CallDisconnected', 'a')]);
    fixture.nowMs += 10;
    await post([fixture.callbackEvent('CallConnected', 'b')]);
    expect((await fixture.store.get(CONNECTED_ID))?.phase).toBe('ended');
    const last = (await fixture.store.timeline(CONNECTED_ID, 100)).at(-1);
    expect(last).toMatchObject({ type: 'CallConnected', details: { ignored: 'call ended' } });
  });

  it('answers 503 while storage is away, so that ACS sends the events again', async () => {
    fixture.store.outage = true;
    const event = fixture.callbackEvent('CallConnected', 'a');
    const answer = await post([event]);
    expect(answer.status).toBe(503);
    fixture.store.outage = false;
    await post([event]);
    expect((await fixture.store.get(CONNECTED_ID))?.phase).toBe('connected');
  });
});

describe('CallConnected that overtakes the answer', () => {
  it('leaves the call connected, with its connection known', async () => {
    const overtaken = new ControlFixture();
    overtaken.acs.duringAnswer = async () => {
      await overtaken.call(callEvents(overtaken.load), {
        params: { callId: CONNECTED_ID },
        headers: { authorization: 'Bearer good' },
        body: [overtaken.callbackEvent('CallConnected', 'a')],
      });
      expect(await overtaken.store.get(CONNECTED_ID)).toMatchObject({
        phase: 'connected',
        callConnectionId: CONNECTION_ID,
      });
    };
    await ring(overtaken);
    expect(await overtaken.store.get(CONNECTED_ID)).toMatchObject({
      phase: 'connected',
      callConnectionId: CONNECTION_ID,
      correlationId: 'correlation',
    });
  });
});

describe('MediaStreamingFailed', () => {
  beforeEach(async () => {
    await post([fixture.callbackEvent('CallConnected', 'connected')]);
  });

  it('has streaming started again after a pause', async () => {
    await post([fixture.callbackEvent('MediaStreamingFailed', 'f1', failure)]);
    expect(fixture.slept).toEqual([200]);
    expect(fixture.acs.count('startMediaStreaming')).toBe(1);
    expect((await fixture.store.get(CONNECTED_ID))?.streaming).toMatchObject({
      state: 'starting',
      retries: 1,
    });
  });

  it('has it started three times at most', async () => {
    for (let index = 0; index < 6; index += 1) {
      fixture.nowMs += 100;
      await post([fixture.callbackEvent('MediaStreamingFailed', `f${index}`, failure)]);
    }
    expect(fixture.acs.count('startMediaStreaming')).toBe(3);
    expect(fixture.slept).toEqual([200, 1_000, 3_000]);
    expect((await fixture.store.get(CONNECTED_ID))?.streaming).toMatchObject({
      state: 'failed',
      reason: '500/8603 streamConnectionUnsuccessful',
    });
  });

  it('delivered twice has it started once', async () => {
    const event = fixture.callbackEvent('MediaStreamingFailed', 'f1', failure);
    await Promise.all([post([event]), post([event])]);
    expect(fixture.acs.count('startMediaStreaming')).toBe(1);
  });

  it('goes on with the next pause when ACS refuses to start, and does not fail the callback', async () => {
    fixture.acs.fail('startMediaStreaming', { status: 500, retryable: true });
    fixture.acs.fail('startMediaStreaming', { status: 500, retryable: true });
    const answer = await post([fixture.callbackEvent('MediaStreamingFailed', 'f1', failure)]);
    expect(answer.status).toBe(200);
    expect(fixture.acs.count('startMediaStreaming')).toBe(3);
    expect((await fixture.store.get(CONNECTED_ID))?.streaming.state).toBe('starting');
  });

  it('ends the call when ACS says that it is gone', async () => {
    fixture.acs.fail('startMediaStreaming', { status: 404, code: '8522', retryable: false });
    await post([fixture.callbackEvent('MediaStreamingFailed', 'f1', failure)]);
    expect(await fixture.store.get(CONNECTED_ID)).toMatchObject({ phase: 'ended', endReason: 'gone' });
  });
});
