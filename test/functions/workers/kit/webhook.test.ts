import fc from 'fast-check';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { defineWorker } from '../../../../functions/workers/kit/define-worker.ts';
import { LOST_EVENT_LINE_MS, WorkerWebhook } from '../../../../functions/workers/kit/webhook.ts';
import { isSigned } from '../../../../functions/workers/kit/webhook-caller.ts';
import { echo } from '../../../../functions/workers/samples/echo.ts';
import { readWorkerConfig } from '../../../../functions/workers/settings/worker-config.ts';
import { formatRtp, parseRtp } from '../../../../shared/wire/lane/rtp.ts';
import {
  ACCESS_KEY,
  bytesOf,
  CALL_ID,
  ENDPOINT_HOST,
  type EventOptions,
  eventRequest,
  headerOf,
  recordingInvocation,
  SECONDARY_KEY,
  sign,
  validationRequest,
} from './web-pubsub-request.ts';

const MAX_EVENT_BYTES = 1_048_576;

const broken = defineWorker({
  name: 'broken',
  listen: { mode: 'chunk', ms: 100 },
  onAudio: () => {
    throw Object.assign(new RangeError('no such thing'), { request: { body: 'the pin is 1234' } });
  },
});

const ENV = {
  WEB_PUBSUB_CONNECTION_STRING: `Endpoint=https://${ENDPOINT_HOST};AccessKey=${ACCESS_KEY};Version=1.0;`,
  WEB_PUBSUB_SECONDARY_KEY: SECONDARY_KEY,
};

const NOW_S = Math.floor(Date.now() / 1_000);

const AUDIO = formatRtp({
  payloadType: 96,
  marker: true,
  sequenceNumber: 0,
  timestamp: 320,
  ssrc: 0,
  payload: Uint8Array.of(1, 0, 2, 0),
});

function makeWebhook(env: Record<string, string> = ENV): WorkerWebhook {
  return new WorkerWebhook({ workers: [echo, broken], service: () => readWorkerConfig(env).webPubSub });
}

async function post(options: EventOptions, env?: Record<string, string>) {
  const { invocation, log } = recordingInvocation();
  const webhook = makeWebhook(env);
  const response = await webhook.handle(eventRequest({ body: AUDIO, ...options }), invocation);
  return { response, log, counts: webhook.counts };
}

describe('the webhook of Web PubSub', () => {
  it('answers audio with audio, as RTP', async () => {
    const { response, counts } = await post({});
    expect(response.status).toBe(200);
    expect(headerOf(response, 'content-type')).toBe('application/octet-stream');
    expect([...parseRtp(await bytesOf(response)).payload]).toEqual([1, 0, 2, 0]);
    expect(counts).toEqual({ events: 1, ignored: 0, failed: 0, refused: 0 });
  });

  it('logs one refusal a second, however many strangers are refused, and counts them all', async () => {
    let nowMs = 0;
    const { invocation, log } = recordingInvocation();
    const service = () => readWorkerConfig(ENV).webPubSub;
    const webhook = new WorkerWebhook({ workers: [echo], service, elapsedMs: () => nowMs });
    const strangers = async (count: number) => {
      for (let i = 0; i < count; i += 1)
        await webhook.handle(eventRequest({ headers: { 'ce-signature': null } }), invocation);
    };
    await strangers(50);
    nowMs = 999;
    await strangers(1);
    expect(log).toHaveLength(1);
    nowMs = 1_000;
    await strangers(1);
    expect(log).toHaveLength(2);
    expect(log[1]).toContain('refused: 52');
  });

  it('logs the first of the events that a worker loses on a call, then one in ten seconds, and counts all', async () => {
    let nowMs = 0;
    const { invocation, log } = recordingInvocation();
    const service = () => readWorkerConfig(ENV).webPubSub;
    const webhook = new WorkerWebhook({ workers: [echo, broken], service, elapsedMs: () => nowMs });
    const frames = async (count: number, callId: string) => {
      const headers = { 'ce-userId': callId };
      for (let i = 0; i < count; i += 1)
        await webhook.handle(eventRequest({ body: AUDIO, worker: 'broken', headers }), invocation);
    };
    await frames(50, 'a'.repeat(16));
    await frames(50, 'b'.repeat(16));
    expect(log).toHaveLength(2);
    nowMs = LOST_EVENT_LINE_MS;
    await frames(50, 'a'.repeat(16));
    expect(log).toHaveLength(3);
    expect(log[2]).toContain('unlogged: 49');
    expect(webhook.counts).toMatchObject({ events: 150, failed: 150 });
  });

  it('carries the state of the lane from one response to the next request', async () => {
    const first = await post({});
    const state = headerOf(first.response, 'ce-connectionState');
    expect(state, 'the response must set the state').toBeDefined();
    const second = await post({ headers: { 'ce-connectionState': state ?? '' } });
    expect(parseRtp(await bytesOf(second.response)).sequenceNumber).toBe(1);
  });

  it.each([
    ['the primary key alone', sign(ACCESS_KEY)],
    ['the secondary key alone', sign(SECONDARY_KEY)],
    ['one good signature among others', `sha256=${'0'.repeat(64)}, ${sign(ACCESS_KEY)}`],
    ['upper case', sign(ACCESS_KEY).toUpperCase().replace('SHA256', 'sha256')],
  ])('believes a request signed with %s', async (_, signature) => {
    expect((await post({ headers: { 'ce-signature': signature } })).response.status).toBe(200);
  });

  it.each([
    ['no signature', null],
    ['an empty signature', ''],
    ['a foreign key', sign('the key of somebody else')],
    ['the signature of another connection', sign(ACCESS_KEY, 'another-connection')],
    ['the bare digest', sign(ACCESS_KEY).slice('sha256='.length)],
    ['a digest cut off', sign(ACCESS_KEY).slice(0, -2)],
    ['a digest that goes on', `${sign(ACCESS_KEY)}00`],
    ['no hexadecimal', `sha256=${'x'.repeat(64)}`],
    ['another algorithm', sign(ACCESS_KEY).replace('sha256', 'sha1')],
    ['the good signature behind too many others', `${'sha256=00,'.repeat(8)}${sign(ACCESS_KEY)}`],
  ])('refuses a request with %s', async (_, signature) => {
    const { response, counts } = await post({ headers: { 'ce-signature': signature } });
    expect(response.status).toBe(401);
    expect(counts).toMatchObject({ events: 0, refused: 1 });
  });

  it.each([
    ['a valid', NOW_S + 3_600],
    ['an expired', NOW_S - 86_400 * 365],
  ])('does not take the signature of %s access token of a client for its own', async (_, expiresAtS) => {
    const token = await new SignJWT({ sub: 'a client' })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setAudience(`https://${ENDPOINT_HOST}/client/hubs/calls`)
      .setExpirationTime(expiresAtS)
      .sign(new TextEncoder().encode(ACCESS_KEY));
    const [header, payload, signature = ''] = token.split('.');
    const signed = `${header}.${payload}`;
    const hex = Buffer.from(signature, 'base64url').toString('hex');
    expect(sign(ACCESS_KEY, signed), 'the key has signed this text').toBe(`sha256=${hex}`);
    const { response, counts } = await post({
      headers: { 'ce-connectionId': signed, 'ce-signature': `sha256=${hex}` },
    });
    expect(response.status).toBe(401);
    expect(counts).toMatchObject({ events: 0, refused: 1 });
  });

  it('believes no signature of a text that is not a connection id', () => {
    const withDot = fc.tuple(fc.string(), fc.string()).map((parts) => parts.join('.'));
    const other = fc.constantFrom('', ' ', 'a b', 'x'.repeat(65), 'a\n', 'ä', 'a/b', 'a=');
    fc.assert(
      fc.property(fc.oneof(withDot, other), (text) => {
        expect(isSigned(sign(ACCESS_KEY, text), text, [ACCESS_KEY])).toBe(false);
      }),
    );
  });

  it('believes the signature of every connection id', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\w-]{1,64}$/), (id) => {
        expect(isSigned(sign(ACCESS_KEY, id), id, [ACCESS_KEY])).toBe(true);
      }),
    );
  });

  it('does not believe the secondary key once it is no longer set', async () => {
    const { WEB_PUBSUB_CONNECTION_STRING } = ENV;
    const headers = { 'ce-signature': sign(SECONDARY_KEY) };
    expect((await post({ headers }, { WEB_PUBSUB_CONNECTION_STRING })).response.status).toBe(401);
  });

  it.each<[string, number, EventOptions]>([
    ['no connection id', 400, { headers: { 'ce-connectionId': null } }],
    ['another hub', 400, { headers: { 'ce-hub': 'chat' } }],
    ['no hub', 400, { headers: { 'ce-hub': null } }],
    ['a system event', 400, { headers: { 'ce-type': 'azure.webpubsub.sys.connected' } }],
    ['another event name than the path', 400, { headers: { 'ce-eventName': 'robot' } }],
    ['no event name', 400, { headers: { 'ce-eventName': null } }],
    ['no user id', 400, { headers: { 'ce-userId': null } }],
    ['a user id that is no call id', 400, { headers: { 'ce-userId': '../../etc/passwd' } }],
    ['a worker that does not exist', 404, { worker: 'nobody' }],
    ['a worker named like a member of objects', 404, { worker: 'constructor' }],
    ['a body that is too long', 413, { body: new Uint8Array(MAX_EVENT_BYTES + 1) }],
    [
      'a body longer than it says',
      413,
      { body: new Uint8Array(MAX_EVENT_BYTES + 1), headers: { 'content-length': null } },
    ],
    ['an empty body without a length', 411, { body: new Uint8Array(), headers: { 'content-length': null } }],
    ['a length too long to be read', 413, { headers: { 'content-length': '99999999999' } }],
  ])('refuses %s with %i', async (_, status, options) => {
    const { response, counts } = await post(options);
    expect(response.status).toBe(status);
    expect(counts.refused).toBe(1);
  });

  it('tells a caller without a signature nothing about workers', async () => {
    const unsigned = { 'ce-signature': null };
    const known = await post({ worker: 'echo', headers: unsigned });
    const unknown = await post({ worker: 'nobody', headers: unsigned });
    const told = async ({ response }: typeof known): Promise<unknown> => [
      response.status,
      [...response.headers],
      await response.text(),
    ];
    expect(await told(unknown)).toEqual(await told(known));
  });

  it('takes an empty event that says so', async () => {
    expect((await post({ body: new Uint8Array() })).response.status).toBe(200);
  });

  it('takes the hub in any case', async () => {
    expect((await post({ headers: { 'ce-hub': 'Calls' } })).response.status).toBe(200);
  });

  it('logs the failure of a worker with its call, counts it, and answers at once without an error status', async () => {
    const { response, log, counts } = await post({ worker: 'broken' });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      actions: [{ type: 'failed', text: expect.stringContaining('broken') }],
    });
    expect(counts).toEqual({ events: 1, ignored: 0, failed: 1, refused: 0 });
    expect(log.join('\n')).toContain(CALL_ID);
    expect(log.join('\n')).toContain('RangeError: no such thing');
    expect(log.join('\n'), 'what was thrown with the error').not.toContain('the pin');
  });

  it.each([
    ['a string that goes on', '"+14255550199" is the caller'],
    ['a number', '14255550199x'],
    ['a text', 'the caller says 14255550199'],
    ['an object that ends early', '{"from":"+14255550199"'],
  ])('logs nothing of a body that is not JSON but %s', async (_, text) => {
    const body = new TextEncoder().encode(text);
    const { response, log, counts } = await post({ body, contentType: 'application/json' });
    expect(counts).toMatchObject({ events: 1, failed: 1 });
    expect(log.join('\n')).toContain(`an event of ${text.length} characters is not JSON`);
    const told = [...log, await response.text()].join('\n');
    for (const part of ['1425', '5550199', 'the caller', '"from"']) expect(told).not.toContain(part);
  });

  it('logs neither signatures nor keys when it refuses', async () => {
    const signature = sign('the key of somebody else');
    const { log } = await post({ headers: { 'ce-signature': signature } });
    expect(log).toHaveLength(1);
    expect(log.join()).not.toContain(signature.slice(8, 24));
    expect(log.join()).not.toContain(ACCESS_KEY);
  });

  it('fails closed when the app is not configured, and names the setting in its log alone', async () => {
    const { response, log } = await post({}, {});
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('WEB_PUBSUB');
    expect(log.join()).toContain('WEB_PUBSUB_CONNECTION_STRING');
  });
});

describe('abuse protection', () => {
  const validate = async (origin: string | undefined) =>
    makeWebhook().handle(validationRequest(origin), recordingInvocation().invocation);

  it.each([[ENDPOINT_HOST], [ENDPOINT_HOST.toUpperCase()], [`${ENDPOINT_HOST}:443`]])(
    'lets %s in, whatever the event',
    async (origin) => {
      const response = await validate(origin);
      expect(response.status).toBe(200);
      expect(headerOf(response, 'WebHook-Allowed-Origin')).toBe(origin);
    },
  );

  it('answers with our host alone when it is asked for several', async () => {
    const response = await validate(`evil.example, ${ENDPOINT_HOST}`);
    expect(headerOf(response, 'WebHook-Allowed-Origin')).toBe(ENDPOINT_HOST);
  });

  it.each([
    [undefined],
    [''],
    ['*'],
    ['evil.example'],
    [`${ENDPOINT_HOST}.evil.example`],
    [`evil-${ENDPOINT_HOST}`],
    [`evil.example@${ENDPOINT_HOST}`],
    [`${ENDPOINT_HOST}:443@evil.example`],
  ])('keeps %s out', async (origin) => {
    const response = await validate(origin);
    expect(response.status).toBe(400);
    expect(headerOf(response, 'WebHook-Allowed-Origin')).toBeUndefined();
  });
});

it('refuses two workers of one name, and names it', () => {
  const service = () => readWorkerConfig(ENV).webPubSub;
  expect(() => new WorkerWebhook({ workers: [echo, broken, echo], service })).toThrow(
    'two workers have the name "echo"',
  );
});
