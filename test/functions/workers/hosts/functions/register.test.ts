import { app, HttpRequest, HttpResponse, type HttpResponseInit, InvocationContext } from '@azure/functions';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { registerWorkers } from '../../../../../functions/workers/hosts/functions/register.ts';
import { echo } from '../../../../../functions/workers/samples/echo.ts';
import { SettingsReader } from '../../../../../shared/base/settings.ts';
import { formatRtp, parseRtp } from '../../../../../shared/wire/lane/rtp.ts';
import { ACCESS_KEY, bytesOf, ENDPOINT_HOST, eventRequest } from '../../kit/web-pubsub-request.ts';

const AUDIO = formatRtp({
  payloadType: 96,
  marker: true,
  sequenceNumber: 0,
  timestamp: 320,
  ssrc: 0,
  payload: Uint8Array.of(1, 0, 2, 0),
});

beforeEach(() => {
  vi.stubEnv(
    'WEB_PUBSUB_CONNECTION_STRING',
    `Endpoint=https://${ENDPOINT_HOST};AccessKey=${ACCESS_KEY};Version=1.0;`,
  );
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

type Handler = (request: HttpRequest, context: InvocationContext) => Promise<HttpResponseInit>;

/** The handler of the webhook as the Functions library would get it. */
function registered(): Handler {
  const http = vi.spyOn(app, 'http').mockImplementation(() => {});
  registerWorkers([echo]);
  const options = http.mock.calls.find(([name]) => name === 'workerEvents')?.[1];
  return options?.handler as Handler;
}

/** The same request as the Functions library makes it. */
async function asFunctionsRequest(request: Request): Promise<HttpRequest> {
  return new HttpRequest({
    method: request.method,
    url: request.url,
    params: { name: 'echo' },
    headers: Object.fromEntries(request.headers),
    body: { bytes: await bytesOf(request) },
  });
}

async function answered(request: Request) {
  const log: string[] = [];
  const context = new InvocationContext({
    logHandler: (level, ...args) => log.push([level, ...args].join(' ')),
  });
  const init = await registered()(await asFunctionsRequest(request), context);
  return { response: new HttpResponse(init), log };
}

it('hands an event to its worker, and the reply with its headers back to the Functions library', async () => {
  const { response } = await answered(eventRequest({ body: AUDIO }));
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/octet-stream');
  expect(response.headers.get('ce-connectionState')).not.toBeNull();
  expect([...parseRtp(await bytesOf(response)).payload]).toEqual([1, 0, 2, 0]);
});

it('answers without a body when the worker has nothing to say', async () => {
  const body = new TextEncoder().encode(JSON.stringify({ type: 'dtmf', tone: '1' }));
  const { response } = await answered(eventRequest({ body, contentType: 'application/json' }));
  expect(response.status).toBe(204);
  expect(await bytesOf(response)).toHaveLength(0);
});

it('refuses what is not signed, and the log of the invocation says why', async () => {
  const { response, log } = await answered(eventRequest({ body: AUDIO, headers: { 'ce-signature': null } }));
  expect(response.status).toBe(401);
  expect(await response.text()).toContain('ce-signature');
  expect(log.join('\n')).toContain('warning webhook call refused with 401');
});

it('reads wrong settings once and logs them once, however many strangers ask', async () => {
  vi.stubEnv('WEB_PUBSUB_CONNECTION_STRING', 'Endpoint=https://contoso.webpubsub.azure.com');
  const handler = registered();
  const lines: string[] = [];
  const context = new InvocationContext({ logHandler: (_, ...args) => lines.push(args.join(' ')) });
  const read = vi.spyOn(SettingsReader.prototype, 'finish');
  for (const signature of ['sha256=00', null, 'sha256=11']) {
    const request = eventRequest({ body: AUDIO, headers: { 'ce-signature': signature } });
    const response = new HttpResponse(await handler(await asFunctionsRequest(request), context));
    expect(response.status).toBe(500);
    expect(await response.text(), 'what strangers learn').not.toContain('WEB_PUBSUB');
  }
  expect(read).toHaveBeenCalledTimes(1);
  expect(lines.filter((line) => line.includes('WEB_PUBSUB_CONNECTION_STRING'))).toHaveLength(1);
  expect(lines, 'in all').toHaveLength(1);
});

it('advises once to name the control apps that workers may ask', async () => {
  const handle = registered();
  const log: string[] = [];
  const context = new InvocationContext({ logHandler: (_, ...args) => log.push(args.join(' ')) });
  for (let times = 0; times < 2; times += 1)
    await handle(await asFunctionsRequest(eventRequest({ body: AUDIO })), context);
  expect(log.filter((line) => line.includes('CONTROL_URLS is not set'))).toHaveLength(1);
});
