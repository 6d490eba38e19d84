import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import type { Relay } from '../../../relay/relay.ts';
import { httpLimits } from '../../../relay/serve/http.ts';
import { audioData, audioMetadata, frame } from '../listen/acs-messages.ts';
import { dial, get, mediaUrl, reportWith, startRelayFixture, ticketFor } from '../relay-fixture.ts';

/** A connection on which the client has sent this much and then nothing more. */
function say({ url }: Relay, sent: string): Socket {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  socket.write(sent);
  return socket;
}

/** All that comes back until the server closes the connection. */
async function answerOf(socket: Socket): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

const QUICK = { headersMs: 50, requestMs: 100, checkEveryMs: 20, connections: 10 };
const SLOW = { headersMs: 60_000, requestMs: 60_000, checkEveryMs: 1_000, connections: 10 };

it('closes the connection of a client that holds back its headers, and keeps a media stream', async () => {
  const running = await startRelayFixture({}, { limits: QUICK });
  const stream = await dial(mediaUrl(running, await ticketFor()));
  expect(await answerOf(say(running, 'GET /healthz HTTP/1.1\r\nhost: a\r\n'))).toMatch(/^HTTP\/1\.1 408 /);
  stream.send(audioMetadata(), audioData(frame(1)));
  await reportWith(running, { framesIn: 1 });
  expect(stream.isClosed).toBe(false);
});

it('closes the connection of a client that holds back a body, which nothing here needs', async () => {
  const running = await startRelayFixture({}, { limits: QUICK });
  const head = (method: string): string =>
    `${method} /healthz HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n12345`;
  expect(await answerOf(say(running, head('POST'))), 'refused, and so at once').toMatch(/^HTTP\/1\.1 405 /);
  expect(await answerOf(say(running, head('GET')))).toMatch(/^HTTP\/1\.1 200 /);
});

it('has no more connections at the same time than its limit says', async () => {
  const running = await startRelayFixture({}, { limits: { ...SLOW, connections: 2 } });
  const kept = [say(running, 'GET '), say(running, 'GET ')];
  await Promise.all(kept.map((socket) => once(socket, 'connect')));
  expect(await answerOf(say(running, 'GET ')).catch(() => '')).toBe('');
  for (const socket of kept) expect(socket.destroyed).toBe(false);
  kept[0]?.destroy();
  await expect
    .poll(async () => (await get(`${running.url}/healthz`).catch(() => undefined))?.status)
    .toBe(200);
});

it('has room for two streams of each call, and for others besides', () => {
  expect(httpLimits(200)).toEqual({
    headersMs: 10_000,
    requestMs: 15_000,
    checkEveryMs: 1_000,
    connections: 1_400,
  });
});
