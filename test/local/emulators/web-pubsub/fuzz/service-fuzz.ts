import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { SignJWT } from 'jose';
import { type Random, seededRandom } from '../../../../../local/emulators/common/random.ts';
import {
  type RunningWebPubSub,
  startWebPubSub,
} from '../../../../../local/emulators/web-pubsub/service/server.ts';
import { until } from '../../../../support/until.ts';
import { clientToken } from '../raw-client.ts';
import { type SdkOperation, sdkOperations } from '../sdk-operations.ts';
import { jsonMessage } from './frames.ts';
import { below, mutate, pick, randomBytes } from './mutate.ts';

/** Requests, or connections, that are under way at the same time. */
const AT_ONCE = 16;
/** How long an answer, or the end of a connection, may take. */
const LIMIT_MS = 10_000;
const CONTROL_TOKEN = 'fuzz';

export interface ServiceFuzzReport {
  /** How often each status was answered; 0 stands for a connection that was closed without an answer. */
  readonly statuses: Readonly<Record<number, number>>;
}

/**
 * What is sent depends on the seed alone: whoever draws does so at once, and waits for others only afterwards.
 *
 * Sends random HTTP requests, then random bytes on connections of their own (damaged requests and upgrades, some with
 * frames after them), to an emulator over sockets.
 * @throws Error when one is answered with 500 or not at all, or without the error model, or when something is left of
 *   the connections
 */
export async function fuzzService(
  seed: string,
  requests: number,
  connections: number,
): Promise<ServiceFuzzReport> {
  const faults: string[] = [];
  const service = await startWebPubSub({
    port: 0,
    controlToken: CONTROL_TOKEN,
    log: ({ message }) => faults.push(message),
  });
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const statuses: Record<number, number> = {};
  const count = (status: number): void => {
    statuses[status] = (statuses[status] ?? 0) + 1;
  };
  try {
    const random = seededRandom(seed);
    const operations = await sdkOperations();
    await inTurns(requests, async () => count(await randomRequest(random, service, agent, operations)));
    const token = await clientToken(service, { role: 'webpubsub.sendToGroup' });
    await inTurns(connections, async () => count(await randomConnection(random, service, token)));
    const internal = faults.find((message) => /request failed|TypeError|RangeError/.test(message));
    if (internal !== undefined)
      throw new Error(`the emulator failed within, with seed '${seed}': ${internal}`);
    await until(async () => (await connectionsOf(service)).length === 0, 'every connection to be forgotten');
    return { statuses };
  } finally {
    agent.destroy();
    await service.close();
  }
}

async function inTurns(times: number, run: () => Promise<void>): Promise<void> {
  let left = times;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await run();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function randomRequest(
  random: Random,
  service: RunningWebPubSub,
  agent: Agent,
  operations: readonly SdkOperation[],
): Promise<number> {
  const values = ['chat', 'chat', 'x', 'x', '1chat', 'a%2Fb', '%E0%A4%A', 'sendToGroup', '%20', ''];
  const operation = pick(random, operations);
  let path = operation.path.replace(/\{\w+\}/g, () => pick(random, values));
  if (random.fraction() < 0.2) path = printable(mutate(random, Buffer.from(path)));
  const query = Array.from({ length: below(random, 4) }, () =>
    pick(random, [
      'api-version=2024-12-01',
      'api-version=1',
      'filter=true',
      "filter=userId%20eq%20'a'",
      'filter=%28%28',
      `filter=${encodeURIComponent(printable(randomBytes(random, 8)))}`,
      'messageTtlSeconds=5',
      'messageTtlSeconds=-5',
      'excluded=a',
      'targetName=g',
      'top=1',
      'maxpagesize=x',
      'continuationToken=YQ',
      'reason=%00',
      '%',
    ]),
  );
  if (!path.startsWith('/')) path = `/${path}`;
  const target = query.length === 0 ? path : `${path}?${query.join('&')}`;
  const headers: Record<string, string> = {};
  const signs = random.fraction() < 0.9;
  if (random.fraction() < 0.7)
    headers['content-type'] = pick(random, [
      'text/plain',
      'application/json; charset=utf-8',
      'application/octet-stream',
      'x',
    ]);
  if (random.fraction() < 0.2) headers['x-webpubsub-metadata-k'] = pick(random, ['v', 'v'.repeat(2_000)]);
  const method =
    random.fraction() < 0.7
      ? operation.method
      : pick(random, ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS']);
  const body =
    random.fraction() < 0.5
      ? Buffer.from('{"groups":["g"],"filter":"true"}')
      : randomBytes(random, below(random, 64));
  const sends = method !== 'GET' && method !== 'HEAD';
  // Node frames a body by itself only for methods that usually have one.
  if (sends) headers['content-length'] = String(body.length);
  if (signs) headers['authorization'] = `Bearer ${await restToken(service, target)}`;
  const told = `${method} ${target}`;
  return await new Promise((resolve, reject) => {
    // A body that is refused before it was read ends the connection, which may come before the answer is read.
    const failed = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') resolve(0);
      else reject(error);
    };
    const sent = httpRequest(`${service.url}`, { agent, method, path: target, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', failed);
      response.on('end', () => {
        const status = response.statusCode ?? 0;
        const problem = problemOf(
          status,
          method,
          response.headers['x-ms-error-code'],
          Buffer.concat(chunks).toString(),
        );
        if (problem === undefined) resolve(status);
        else reject(new Error(`${told}: ${problem}`));
      });
    });
    sent.setTimeout(LIMIT_MS, () => sent.destroy(new Error(`${told}: no answer in ${LIMIT_MS} ms`)));
    sent.on('error', failed);
    sent.end(sends ? body : undefined);
  });
}

function problemOf(status: number, method: string, code: unknown, body: string): string | undefined {
  if (status === 500) return 'an internal error';
  if (status < 400 || method === 'HEAD') return undefined;
  try {
    const error = JSON.parse(body) as { code?: unknown; message?: unknown };
    return error.code === code && typeof error.message === 'string'
      ? undefined
      : `not the error model: ${body}`;
  } catch {
    return `${status}, not JSON: ${body}`;
  }
}

/**
 * Writes damaged bytes on a connection of its own and waits for its end. An upgrade that is right is answered before
 * the client closes its side: a client that has closed it already may be taken for one that has gone.
 */
async function randomConnection(random: Random, service: RunningWebPubSub, token: string): Promise<number> {
  const upgrade = [
    `GET /client/hubs/chat?access_token=${token} HTTP/1.1`,
    `Host: 127.0.0.1:${service.port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Protocol: json.webpubsub.azure.v1',
  ];
  const head = Buffer.from(`${upgrade.join('\r\n')}\r\n\r\n`);
  const frames = Buffer.concat(
    Array.from({ length: below(random, 4) }, () => maskedFrame(random, jsonMessage(random))),
  );
  const isRight = random.fraction() < 0.5;
  const bytes = isRight
    ? Buffer.concat([head, random.fraction() < 0.5 ? frames : mutate(random, frames)])
    : mutate(random, Buffer.concat([head, frames]));
  return await new Promise((resolve, reject) => {
    const socket = connect(service.port, '127.0.0.1');
    let answer = '';
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`a connection was not closed in ${LIMIT_MS} ms after ${bytes.toString('latin1')}`));
    }, LIMIT_MS);
    socket.on('data', (chunk: Buffer) => {
      if (answer.length < 64) answer += chunk.toString('latin1');
      if (isRight) socket.end();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
      if (status === 500) reject(new Error(`an internal error after ${bytes.toString('latin1')}`));
      else if (isRight && status !== 101) reject(new Error(`a right upgrade was answered with '${answer}'`));
      else resolve(status);
    });
    if (isRight) socket.write(bytes);
    else socket.end(bytes);
  });
}

function maskedFrame(random: Random, payload: Buffer): Buffer {
  const mask = randomBytes(random, 4);
  const masked = payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  const length =
    payload.length < 126 ? [0x80 | payload.length] : [0x80 | 126, payload.length >> 8, payload.length & 0xff];
  return Buffer.concat([Buffer.from([pick(random, [0x81, 0x82, 0x89, 0x01]), ...length]), mask, masked]);
}

function restToken(service: RunningWebPubSub, target: string): Promise<string> {
  return new SignJWT({ aud: `${service.url}${target}` })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('5m')
    .sign(new TextEncoder().encode(service.accessKey));
}

/** What a request line may have: printable ASCII without spaces. */
function printable(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/[^\x21-\x7e]|[#]/g, '_');
}

async function connectionsOf(service: RunningWebPubSub): Promise<readonly unknown[]> {
  const response = await fetch(`${service.url}/control/connections`, {
    headers: { authorization: `Bearer ${CONTROL_TOKEN}` },
  });
  return (await response.json()) as readonly unknown[];
}
