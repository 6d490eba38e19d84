import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import { CallsApiError, noAnswer } from '../../../shared/client/calls-api-error.ts';
import { type CallsClient, createCallsClient } from '../../../shared/client/calls-client.ts';
import type { CallView } from '../../../shared/wire/api/call-schema.ts';
import { ENDPOINTS } from '../../../shared/wire/api/endpoints.ts';
import { CONNECTED_ID, connectedCall, report } from '../../support/connected-call.ts';
import { type ControlApiServer, serveControlApi } from '../../support/control-api-server.ts';
import type { ControlFixture } from '../../support/control-fixture.ts';

const MAX_ATTEMPTS = 4;

let server: ControlApiServer;
let fixture: ControlFixture;
let pauses: number[];

beforeAll(async () => {
  server = await serveControlApi();
});

afterAll(() => server.close());

beforeEach(async () => {
  fixture = await connectedCall();
  server.fixture = fixture;
  server.requests.length = 0;
  pauses = [];
});

function aClient(options: Partial<Parameters<typeof createCallsClient>[0]> = {}): CallsClient {
  return createCallsClient({
    baseUrl: server.url,
    key: 'the key',
    sleep: async (ms) => void pauses.push(ms),
    random: () => 0.5,
    ...options,
  } as Parameters<typeof createCallsClient>[0]);
}

async function failureOf(work: Promise<unknown>): Promise<CallsApiError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error, 'a CallsApiError').toBeInstanceOf(CallsApiError);
  return error as CallsApiError;
}

describe('the client', () => {
  it('has a method for every operation of the API, and no other', () => {
    expect(Object.keys(aClient()).sort()).toEqual(Object.keys(ENDPOINTS).sort());
  });

  it('acts and reads, with types for what goes and what comes', async () => {
    const client = aClient();
    const call = await client.getCall(CONNECTED_ID);
    expectTypeOf(call).toExtend<CallView>();
    expect(call).toMatchObject({ callId: CONNECTED_ID, state: 'connected' });
    expect((await client.listCalls({ limit: 1, direction: 'inbound' })).calls).toHaveLength(1);
    expect((await client.listCalls()).truncated).toBe(false);
    const { operation } = await client.play(CONNECTED_ID, { source: { kind: 'text', text: 'Hello.' } });
    expect(operation.id).toMatch(/^op-/);
    await client.sendDtmf(CONNECTED_ID, { participant: '+14255550177', tones: '12#' });
    await client.muteParticipant(CONNECTED_ID, { participant: '+14255550177' });
    await client.startRecording(CONNECTED_ID);
    expect((await client.placeCall({ to: '+14255550177' })).direction).toBe('outbound');
    expect((await client.hangUp(CONNECTED_ID)).callId).toBe(CONNECTED_ID);
    expect(fixture.acs.operations.map(({ operation }) => operation.type)).toEqual([
      'play',
      'sendDtmf',
      'muteParticipant',
      'startRecording',
    ]);
  });

  it('proves itself by key or by token, which may be made anew for each request', async () => {
    await aClient().listCalls();
    let made = 0;
    const tokens = createCallsClient({
      baseUrl: server.url,
      token: async () => {
        made += 1;
        return `token-${made}`;
      },
    });
    await tokens.listCalls();
    await tokens.listCalls();
    expect(
      server.requests.map(({ headers }) => headers['x-functions-key'] ?? headers['authorization']),
    ).toEqual(['the key', 'Bearer token-1', 'Bearer token-2']);
  });

  it('says what the API says is wrong', async () => {
    const error = await failureOf(aClient().stopMediaStreaming(CONNECTED_ID));
    expect(error).toMatchObject({ status: 409, problemName: 'streaming-already-off' });
    expect(error.problem).toMatchObject({ callState: 'connected', streamingState: 'inactive' });
    expect(error.message).toBe(
      'stopMediaStreaming: Streaming is already off: The call is connected, and its streaming is inactive.',
    );
    expect(pauses, 'asking again would not help').toEqual([]);
  });

  it('tries again what the API is too busy for, with the same key, and as late as it says', async () => {
    fixture.acs.fail('operate', { status: 429, retryable: true, retryAfter: '2' });
    fixture.acs.fail('operate', { status: 503, retryable: true });
    await aClient().cancelPlay(CONNECTED_ID);
    expect(pauses).toEqual([2_000, 300]);
    const keys = server.requests.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
  });

  it('gives up after some attempts, with what was said last', async () => {
    fixture.store.outage = true;
    const error = await failureOf(aClient().getCall(CONNECTED_ID));
    expect(error.problemName).toBe('store-unavailable');
    expect(pauses).toEqual([150, 300, 600]);
    expect(server.requests).toHaveLength(MAX_ATTEMPTS);
  });

  it('acts once though the answer is lost on its way', async () => {
    server.loseAnswers = 2;
    await aClient().play(CONNECTED_ID, { source: { kind: 'ssml', ssml: '<speak/>' } });
    expect(server.requests).toHaveLength(3);
    expect(fixture.acs.operations).toHaveLength(1);
  });

  it('takes another key for another request, and the one that it is given', async () => {
    const client = aClient();
    await client.cancelPlay(CONNECTED_ID);
    await client.cancelPlay(CONNECTED_ID);
    await client.cancelPlay(CONNECTED_ID, { idempotencyKey: 'mine' });
    await client.cancelPlay(CONNECTED_ID, { idempotencyKey: 'mine' });
    expect(fixture.acs.operations).toHaveLength(3);
    expect(
      (await failureOf(client.stopRecording(CONNECTED_ID, { idempotencyKey: 'mine' }))).problemName,
    ).toBe('idempotency-key-reused');
  });

  it('says so where nobody answers, or something else does', async () => {
    const away = aClient({ baseUrl: 'http://127.0.0.1:1' });
    expect(await failureOf(away.listCalls())).toMatchObject({ status: 0, problemName: undefined });
    const answers = (status: number, body?: string): CallsClient =>
      aClient({ fetch: async () => new Response(body, { status }) });
    expect(await failureOf(answers(401).listCalls())).toMatchObject({ status: 401, problemName: undefined });
    expect(await failureOf(answers(404, '<html>').listCalls())).toMatchObject({ status: 404 });
    expect(await failureOf(answers(200, '{"calls":7}').listCalls())).toMatchObject({ status: 0 });
  });

  it('stops when it is told to', async () => {
    const stopping = new AbortController();
    fixture.store.outage = true;
    const client = aClient({ sleep: async () => stopping.abort(new Error('enough')) });
    await expect(client.getCall(CONNECTED_ID, { signal: stopping.signal })).rejects.toThrow('enough');
    expect(server.requests.length).toBeLessThan(MAX_ATTEMPTS);
  });

  it('sends its key nowhere in the clear, and no parameter that would lead elsewhere', async () => {
    for (const baseUrl of ['http://contoso.example', 'ftp://x', 'contoso.example'])
      expect(() => createCallsClient({ baseUrl, key: 'k' })).toThrow('must begin with https://');
    for (const callId of ['..', '../admin', '', 'A'.repeat(32)])
      await expect(aClient().getCall(callId)).rejects.toThrow(TypeError);
    expect(server.requests).toEqual([]);
  });
});

it('follows no redirect, which a function key would follow to any host', async () => {
  const asked: (string | undefined)[] = [];
  const elsewhere = createServer((request, response) => {
    asked.push(request.url);
    if (request.url === '/taken') response.end('{}');
    else response.writeHead(307, { location: '/taken' }).end();
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  const { port } = elsewhere.address() as AddressInfo;
  const client = aClient({ baseUrl: `http://127.0.0.1:${port}` });
  expect(await failureOf(client.placeCall({ to: '+14255550177' }))).toMatchObject({ status: 307 });
  expect(asked).toEqual(['/api/calls']);
  elsewhere.close();
});

it('waits no longer for the text of a failure than for an answer', async () => {
  vi.useFakeTimers();
  const endless = async (_: unknown, init: RequestInit = {}): Promise<Response> => {
    const body = new ReadableStream({
      start: (controller) =>
        init.signal?.addEventListener('abort', () => controller.error(new Error('cut off'))),
    });
    return new Response(body, { status: 409, headers: { 'content-type': 'application/problem+json' } });
  };
  const failure = failureOf(aClient({ fetch: endless }).getCall(CONNECTED_ID));
  await vi.advanceTimersByTimeAsync(60_000);
  vi.useRealTimers();
  expect(await failure).toMatchObject({ status: 409, problemName: undefined });
});

describe('following a timeline', () => {
  it('tells each entry once to the end of the call, though the stream breaks in between', async () => {
    server.breakStreams = 2;
    const told: string[] = [];
    for await (const { type } of aClient({ sleep: async () => {} }).streamTimeline(CONNECTED_ID)) {
      told.push(type);
      if (type === 'CallConnected') await report(fixture, 'ParticipantsUpdated');
      if (type === 'ParticipantsUpdated') await report(fixture, 'CallDisconnected');
    }
    expect(told).toEqual([
      'IncomingCall',
      'AnswerSucceeded',
      'CallConnected',
      'ParticipantsUpdated',
      'CallDisconnected',
    ]);
  });

  it('ends with the error of a call that there is not', async () => {
    const stream = aClient().streamTimeline('f'.repeat(32));
    expect((await failureOf(stream.next())).problemName).toBe('call-not-found');
  });
});

it('keeps the text of an answer that is not JSON out of its error', async () => {
  const error = await new Response('+14255550199').json().catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(SyntaxError);
  expect(noAnswer('getCall', 'The answer is not one of this API.', error).cause).toBeUndefined();
  const other = new Error('connection reset');
  expect(noAnswer('getCall', 'There was no answer.', other).cause).toBe(other);
});
