import { beforeEach, describe, expect, it } from 'vitest';
import { incomingCall } from '../../../../functions/control/triggers/incoming-call.ts';
import { handlerOf } from '../../../../functions/control/triggers/register-endpoints.ts';
import type { TimelineEntryView } from '../../../../shared/wire/api/call-schema.ts';
import { PROBLEM_CONTENT_TYPE } from '../../../../shared/wire/api/problem.ts';
import { CONNECTION_ID, PLAN } from '../../../support/calls.ts';
import { CONNECTED_ID, report, ring } from '../../../support/connected-call.ts';
import { type Answer, ControlFixture } from '../../../support/control-fixture.ts';

let fixture: ControlFixture;

beforeEach(() => {
  fixture = new ControlFixture([
    { name: 'everyone', match: {}, action: 'answer', plan: { ...PLAN, startStreaming: false } },
  ]);
});

async function connect(): Promise<void> {
  await ring(fixture);
  await report(fixture, 'CallConnected');
}

function start(body?: unknown): Promise<Answer> {
  return fixture.ask('startMediaStreaming', { params: { callId: CONNECTED_ID }, body });
}

function stop(body?: unknown): Promise<Answer> {
  return fixture.ask('stopMediaStreaming', { params: { callId: CONNECTED_ID }, body });
}

function end(): Promise<Answer> {
  return fixture.ask('hangUp', { params: { callId: CONNECTED_ID } });
}

function expectProblem(answer: Answer, status: number, type: string): void {
  expect(answer.json).toMatchObject({ status, type: `urn:trunkline:problem:${type}` });
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe(PROBLEM_CONTENT_TYPE);
}

describe('starting and stopping media streaming', () => {
  it('asks ACS and answers 202 with the call', async () => {
    await connect();
    const started = await start({ operationContext: 'mine' });
    expect(started.status).toBe(202);
    expect(started.json).toMatchObject({
      callId: CONNECTED_ID,
      state: 'connected',
      streaming: { state: 'starting' },
    });
    await report(fixture, 'MediaStreamingStarted');
    expect((await stop()).json).toMatchObject({ streaming: { state: 'stopping' } });
    await report(fixture, 'MediaStreamingStopped');
    expect((await start()).status, 'once stopped it can be started again').toBe(202);
    expect(fixture.acs.asked.slice(1)).toEqual([
      { operation: 'startMediaStreaming', about: CONNECTION_ID, context: 'mine' },
      { operation: 'stopMediaStreaming', about: CONNECTION_ID },
      { operation: 'startMediaStreaming', about: CONNECTION_ID },
    ]);
  });

  it('is refused for a call that there is not', async () => {
    expectProblem(await start(), 404, 'call-not-found');
    expectProblem(await stop(), 404, 'call-not-found');
  });

  it('is refused before the call is connected, naming the state', async () => {
    await ring(fixture);
    const answer = await start();
    expectProblem(answer, 409, 'call-not-connected');
    expect(answer.json).toMatchObject({ callState: 'answering', streamingState: 'inactive' });
  });

  it('is refused where it changes nothing, naming the state', async () => {
    await connect();
    expectProblem(await stop(), 409, 'streaming-already-off');
    await start();
    expectProblem(await start(), 409, 'streaming-already-on');
    await report(fixture, 'MediaStreamingStarted');
    const again = await start();
    expectProblem(again, 409, 'streaming-already-on');
    expect(again.json).toMatchObject({ callState: 'connected', streamingState: 'active' });
    await stop();
    expectProblem(await start(), 409, 'streaming-stopping');
    expect(fixture.acs.count('startMediaStreaming')).toBe(1);
  });

  it('is refused after the call has ended', async () => {
    await connect();
    await report(fixture, 'CallDisconnected');
    expectProblem(await start(), 409, 'call-ended');
  });

  it('reports every problem of the body at once, and asks ACS for nothing', async () => {
    await connect();
    const answer = await start({ operationContext: 7, url: 'wss://x', 'a/b': 1 });
    expectProblem(answer, 400, 'invalid-request');
    const { errors } = answer.json as { errors: { pointer: string }[] };
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual(['#/a~1b', '#/operationContext', '#/url']);
    expectProblem(await start('[1]'), 400, 'invalid-request');
    expectProblem(await start('{"operationContext"'), 400, 'invalid-request');
    expectProblem(await start(`"${'x'.repeat(2_000_000)}"`), 413, 'payload-too-large');
    expect(fixture.acs.count('startMediaStreaming')).toBe(0);
  });

  it('says that ACS is busy, and when to come back', async () => {
    await connect();
    fixture.acs.fail('startMediaStreaming', {
      status: 429,
      code: '8516',
      retryable: true,
      retryAfter: '7',
    });
    const answer = await start();
    expectProblem(answer, 503, 'acs-unavailable');
    expect(answer.headers.get('retry-after')).toBe('7');
    expect(answer.json).toMatchObject({ acsStatus: 429, acsCode: '8516' });
    expect((await start()).status, 'and can be asked again').toBe(202);
  });

  it('says that ACS refuses, with its code', async () => {
    await connect();
    fixture.acs.fail('startMediaStreaming', { status: 405, code: '8522', retryable: false });
    const answer = await start();
    expectProblem(answer, 502, 'acs-refused');
    expect(answer.json).toMatchObject({ acsStatus: 405, acsCode: '8522' });
  });

  it('keeps streaming on when ACS refuses to stop it', async () => {
    await connect();
    await start();
    await report(fixture, 'MediaStreamingStarted');
    fixture.acs.fail('stopMediaStreaming', { status: 409, code: '8519', retryable: false });
    expectProblem(await stop(), 502, 'acs-refused');
    expect((await fixture.store.get(CONNECTED_ID))?.streaming.state).toBe('active');
  });

  it('learns from ACS that the call is over', async () => {
    await connect();
    fixture.acs.fail('startMediaStreaming', { status: 404, code: '8522', retryable: false });
    expectProblem(await start(), 409, 'call-ended');
    expect((await fixture.store.get(CONNECTED_ID))?.phase).toBe('ended');
  });

  it('is asked of ACS once by two requests at the same time', async () => {
    await connect();
    const answers = await Promise.all([start(), start()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
    expect(fixture.acs.count('startMediaStreaming')).toBe(1);
  });
});

describe('hanging up', () => {
  it('asks ACS and answers 202; the call ends with CallDisconnected', async () => {
    await connect();
    const answer = await end();
    expect(answer.status).toBe(202);
    expect(answer.json).toMatchObject({ state: 'connected' });
    expect(fixture.acs.asked.at(-1)).toEqual({ operation: 'hangUp', about: CONNECTION_ID });
    await report(fixture, 'CallDisconnected');
    expectProblem(await end(), 409, 'call-ended');
  });

  it('is refused for a call that is not connected, or not there', async () => {
    expectProblem(await end(), 404, 'call-not-found');
    await ring(fixture);
    expectProblem(await end(), 409, 'call-not-connected');
  });
});

describe('looking at calls', () => {
  it('lists those that have not ended, without whole numbers', async () => {
    await connect();
    const { json, status } = await fixture.ask('listCalls');
    expect(status).toBe(200);
    expect(json).toMatchObject({
      truncated: false,
      calls: [{ callId: CONNECTED_ID, state: 'connected', route: 'everyone', from: '…0123', to: '…0199' }],
    });
    await report(fixture, 'CallDisconnected');
    expect((await fixture.ask('listCalls')).json).toEqual({
      calls: [],
      truncated: false,
    });
  });

  it('lists as many as asked for, and says when there are more', async () => {
    await ring(fixture);
    await incomingCall(fixture.load)(
      fixture.incomingEvent({ id: 'e2' }, { incomingCallContext: 'another' }),
      fixture.context(),
    );
    const { json } = await fixture.ask('listCalls', { query: { limit: '1' } });
    expect(json).toMatchObject({ truncated: true });
    for (const limit of ['0', '-1', '1001', 'many', ''])
      expectProblem(await fixture.ask('listCalls', { query: { limit } }), 400, 'invalid-request');
  });

  it('shows one with its timeline, also after its end', async () => {
    await connect();
    await end();
    await report(fixture, 'CallDisconnected');
    const { json, status } = await fixture.ask('getCall', {
      params: { callId: CONNECTED_ID },
    });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      callId: CONNECTED_ID,
      state: 'ended',
      endedBy: 'application',
      callConnectionId: CONNECTION_ID,
    });
    const { timeline } = json as { timeline: { type: string; source: string; atMs: number }[] };
    expect(timeline.map(({ type }) => type)).toEqual([
      'IncomingCall',
      'AnswerSucceeded',
      'CallConnected',
      'HangUpRequested',
      'CallDisconnected',
    ]);
    expect(timeline.map(({ source }) => source)).toEqual(['event-grid', 'control', 'acs', 'api', 'acs']);
  });

  it('shows what changed it behind a thousand messages, however it is asked', async () => {
    fixture.publishToRelay = async () => {};
    await connect();
    await start();
    await report(fixture, 'MediaStreamingStarted');
    const params = { callId: CONNECTED_ID };
    const send = (): Promise<Answer> =>
      fixture.ask('sendMessage', { params, body: { worker: 'echo', data: 1 } });
    for (let count = 0; count < 1_050; count += 1) {
      fixture.nowMs += 9;
      expect((await send()).status).toBe(202);
    }
    await fixture.ask('addParticipant', { params, body: { target: '8:acs:somebody' } });
    await end();
    const call = (await fixture.ask('getCall', { params })).json;
    const page = (await fixture.ask('getTimeline', { params })).json;
    const newest = (await fixture.ask('getTimeline', { params, query: { order: 'desc', limit: '2' } })).json;
    expect(call).toMatchObject({ timelineTruncated: false });
    const { timeline } = call as { timeline: TimelineEntryView[] };
    const { entries } = page as { entries: TimelineEntryView[] };
    expect(entries).toEqual(timeline);
    expect(newest).toMatchObject({ truncated: true, entries: timeline.slice(-2).toReversed() });
    const types = timeline.map(({ type }) => type);
    expect(types.slice(-4)).toEqual([
      'MessageSent',
      'OperationRequested',
      'OperationAnswered',
      'HangUpRequested',
    ]);
    expect(timeline.find(({ type }) => type === 'MessageSent')?.details).toEqual({
      worker: 'echo',
      count: 1_050,
      lastAtMs: expect.any(Number),
    });
  });

  it('shows a timeline of any length page by page, from either end', async () => {
    await connect();
    const params = { callId: CONNECTED_ID };
    for (let count = 0; count < 1_210; count += 1)
      await fixture.store.appendTimeline(CONNECTED_ID, {
        id: `e${count}`,
        atMs: fixture.nowMs + count,
        source: 'acs',
        type: `e${count}`,
        details: {},
      });
    const call = (await fixture.ask('getCall', { params })).json as {
      timeline: TimelineEntryView[];
      timelineNext: string;
    };
    expect(call).toMatchObject({ timelineTruncated: true });
    expect(call.timeline).toHaveLength(1_200);
    const rest = (await fixture.ask('getTimeline', { params, query: { after: call.timelineNext } })).json;
    const whole = [...call.timeline, ...(rest as { entries: TimelineEntryView[] }).entries];
    expect(rest).toMatchObject({ truncated: false });
    expect(rest).not.toHaveProperty('next');
    expect(whole.at(-1)).toMatchObject({ type: 'e1209' });
    const backwards: TimelineEntryView[] = [];
    for (let after: string | undefined = ''; after !== undefined; ) {
      const query = { order: 'desc', limit: '300', ...(after === '' ? {} : { after }) };
      const { entries, next } = (await fixture.ask('getTimeline', { params, query })).json as {
        entries: TimelineEntryView[];
        next?: string;
      };
      backwards.push(...entries);
      after = next;
    }
    expect(backwards).toEqual(whole.toReversed());
  });

  it.each([
    ['order', 'newest'],
    ['after', '1795348800000'],
    ['after', "000001795348800000' or '1' eq '1"],
    ['before', '1'],
  ])('refuses a page of the timeline with the %s %s', async (parameter, value) => {
    await connect();
    const answer = await fixture.ask('getTimeline', {
      params: { callId: CONNECTED_ID },
      query: { [parameter]: value },
    });
    expectProblem(answer, 400, 'invalid-request');
    expect(answer.json).toMatchObject({ errors: [{ parameter, in: 'query' }] });
  });

  it('knows no others', async () => {
    for (const callId of ['a'.repeat(32), 'A', ''])
      expectProblem(await fixture.ask('getCall', { params: { callId } }), 404, 'call-not-found');
  });
});

describe('the functions as a whole', () => {
  it('answer 503 while storage is away', async () => {
    fixture.store.outage = true;
    expectProblem(await start(), 503, 'store-unavailable');
    expectProblem(await fixture.ask('listCalls'), 503, 'store-unavailable');
  });

  it('answer 500 without details where something unforeseen happens, which the log names', async () => {
    const broken = handlerOf('listCalls', () => Promise.reject(new Error('secret detail')), 'function-key');
    const answer = await fixture.call(broken, { method: 'GET' });
    expectProblem(answer, 500, 'internal-error');
    expect(JSON.stringify(answer.json)).not.toContain('secret detail');
    expect(fixture.logged.join('\n')).toContain('A request failed');
  });
});
