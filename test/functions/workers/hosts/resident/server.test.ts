import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { startResidentServer } from '../../../../../functions/workers/hosts/resident/server.ts';
import { echo } from '../../../../../functions/workers/samples/echo.ts';
import { until } from '../../../../support/until.ts';
import {
  ACCESS_KEY,
  ENDPOINT_HOST,
  eventRequest,
  sign,
  validationRequest,
} from '../../kit/web-pubsub-request.ts';

const MAX_EVENT_BYTES = 1_048_576;

const DEBUG = pino.levels.values['debug'] ?? expect.unreachable('pino has this level');

async function serve(options: Pick<Parameters<typeof startResidentServer>[0], 'limits'> = {}) {
  const log: string[] = [];
  const server = await startResidentServer({
    workers: [echo],
    config: {
      webPubSub: {
        connectionString: `Endpoint=https://${ENDPOINT_HOST};AccessKey=${ACCESS_KEY};Version=1.0;`,
        endpoint: `https://${ENDPOINT_HOST}`,
        endpointHost: ENDPOINT_HOST,
        accessKeys: [ACCESS_KEY],
      },
    },
    host: '127.0.0.1',
    port: 0,
    ...options,
    log: pino({ level: 'debug' }, { write: (line: string) => void log.push(line) }),
  });
  onTestFinished(() => server.close());
  const send = async (request: Request): Promise<Response> => {
    const body = await request.arrayBuffer();
    return fetch(new URL(new URL(request.url).pathname, server.url), {
      method: request.method,
      headers: [...request.headers].filter(([name]) => name !== 'content-length'),
      ...(request.method === 'POST' ? { body } : {}),
    });
  };
  return { server, send, log };
}

it('proves to Web PubSub that it accepts its events', async () => {
  const { send } = await serve();
  const response = await send(validationRequest(ENDPOINT_HOST));
  expect(response.status).toBe(200);
  expect(response.headers.get('WebHook-Allowed-Origin')).toBe(ENDPOINT_HOST);
});

it('says to its load balancer that it is there, and that it has nothing else', async () => {
  const { server } = await serve();
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  expect((await fetch(`${server.url}/api/workers/echo`)).status).toBe(404);
  expect((await fetch(`${server.url}/api/workers/Echo`, { method: 'POST' })).status).toBe(404);
});

it('refuses an event that is not signed, and its log says why and how often', async () => {
  const { send, log } = await serve();
  const response = await send(eventRequest({ headers: { 'ce-signature': null } }));
  expect(response.status).toBe(401);
  expect(log.map((line) => JSON.parse(line))).toMatchObject([
    { level: 40, msg: expect.stringContaining('webhook call refused with 401'), refused: 1 },
  ]);
});

it('refuses an event whose connection id is the signed part of a token', async () => {
  const { send } = await serve();
  const token = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0';
  const headers = { 'ce-connectionId': token, 'ce-signature': sign(ACCESS_KEY, token) };
  expect((await send(eventRequest({ headers }))).status).toBe(401);
});

/** Posts a body whose end never comes, and answers all that comes back until the server closes the connection. */
async function postWithoutEnd(url: string, headers: Headers, bytes: number): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  headers.delete('content-length');
  const lines = [...headers].map(([name, value]) => `${name}: ${value}`);
  const head = ['POST /api/workers/echo HTTP/1.1', 'host: a', 'transfer-encoding: chunked', ...lines];
  socket.write(`${head.join('\r\n')}\r\n\r\n${bytes.toString(16)}\r\n`);
  socket.write(Buffer.concat([Buffer.alloc(bytes), Buffer.from('\r\n')]));
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

it('answers that an event is too long without waiting for its end, and closes the connection', async () => {
  const { server } = await serve();
  const answer = await postWithoutEnd(server.url, eventRequest().headers, MAX_EVENT_BYTES + 1);
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
});

it('reads nothing of an event that is not signed, and closes the connection', async () => {
  const { server } = await serve();
  const { headers } = eventRequest({ headers: { 'ce-signature': null } });
  expect(await postWithoutEnd(server.url, headers, 10)).toMatch(/^HTTP\/1\.1 401 /);
});

it.each(['POST /nowhere', 'POST /healthz', 'PUT /api/workers/echo', `OPTIONS /api/workers/echo`])(
  'closes the connection of a request whose body it does not read: %s',
  async (request) => {
    const { server } = await serve();
    const headers = `host: a\r\nwebhook-request-origin: ${ENDPOINT_HOST}\r\ncontent-length: 1000000000\r\n`;
    const socket = dial(server.url, `${request} HTTP/1.1\r\n${headers}\r\nbegun`);
    let answer = '';
    socket.on('data', (data) => {
      answer += data;
    });
    await closed(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 (200|404) (?:.*\r\n)+connection: close\r\n/i);
  },
);

const HEADERS_END = '\r\n\r\n';

/** A connection on which the client has sent this much and then nothing more. */
function dial(url: string, sent: string): Socket {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  socket.write(sent);
  return socket;
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.once('close', () => resolve()));
}

/** The head of an event with a good signature, whose body of 10 bytes is still to come. */
function signedHead(more: Record<string, string> = {}): string {
  const { headers } = eventRequest({ headers: { 'content-length': '10', ...more } });
  const lines = [...headers].map(([name, value]) => `${name}: ${value}`);
  return `${['POST /api/workers/echo HTTP/1.1', 'host: a', ...lines].join('\r\n')}${HEADERS_END}`;
}

it.each([
  ['headers', 'POST /api/workers/echo HTTP/1.1\r\nhost: a\r\n'],
  ['body', `${signedHead()}12345`],
])('closes the connection of a client that holds back its %s', async (_, sent) => {
  const limits = { headersMs: 50, requestMs: 100, checkEveryMs: 20, connections: 10 };
  const { server, log } = await serve({ limits });
  const socket = dial(server.url, sent);
  socket.resume();
  await closed(socket);
  expect(log.map((line) => JSON.parse(line).level).filter((level) => level > DEBUG)).toEqual([]);
});

it('has no more connections at the same time than its limit says', async () => {
  const limits = { headersMs: 60_000, requestMs: 60_000, checkEveryMs: 1_000, connections: 2 };
  const { server } = await serve({ limits });
  const kept = [dial(server.url, 'GET '), dial(server.url, 'GET ')];
  await Promise.all(kept.map((socket) => once(socket, 'connect')));
  const refused = dial(server.url, 'GET ');
  refused.resume();
  await closed(refused);
  for (const socket of kept) expect(socket.destroyed).toBe(false);
});

it('logs a request that its client cuts off at debug, without a stack', async () => {
  const { server, log } = await serve();
  const socket = dial(server.url, `${signedHead({ expect: '100-continue' })}12345`);
  const [answered] = await once(socket, 'data');
  expect(String(answered), 'the server waits for the body').toContain('100 Continue');
  socket.destroy();
  await until(() => log.length > 0, 'the line of the log');
  expect(log.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ level: DEBUG, msg: 'a client cut off its request' }),
  ]);
  expect(log.join('')).not.toContain('stack');
});
