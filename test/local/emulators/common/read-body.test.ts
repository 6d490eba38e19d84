import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { listen } from '../../../../local/emulators/common/listen.ts';
import { CutOffError, readBody } from '../../../../local/emulators/common/read-body.ts';
import { closedAfterEach } from '../../../support/closed-after-each.ts';

const LIMIT_BYTES = 8;

/**
 * A server that answers with the length of the body it read, and a client; `outcome` is that length, or why there is
 * none.
 */
const lengthServer = closedAfterEach(async () => {
  const { server, url, stop } = await listen('127.0.0.1', 0, undefined);
  const { promise, resolve } = Promise.withResolvers<unknown>();
  server.on('request', (request, response) => {
    readBody(request, LIMIT_BYTES).then((body) => {
      response.end(String(body?.byteLength));
      resolve(body?.byteLength);
    }, resolve);
  });
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  return { socket, outcome: promise, close: stop };
});

function chunked(...chunks: string[]): string {
  const parts = chunks.map((chunk) => `${Buffer.byteLength(chunk).toString(16)}\r\n${chunk}\r\n`);
  return `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${parts.join('')}`;
}

it('reads a body of as many bytes as are allowed, in pieces', async () => {
  const { socket, outcome } = await lengthServer();
  // Three characters, eight bytes.
  socket.write(`${chunked('€', '€é')}0\r\n\r\n`);
  expect(await outcome).toBe(LIMIT_BYTES);
});

it('counts bytes, not characters, and still answers a client that has not finished', async () => {
  const { socket, outcome } = await lengthServer();
  socket.write(chunked('€', '€', '€'));
  expect(await outcome).toBeUndefined();
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 200/);
});

it('does not wait for a body whose announced length is too much', async () => {
  const { socket, outcome } = await lengthServer();
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${LIMIT_BYTES + 1}\r\n\r\n`);
  expect(await outcome).toBeUndefined();
});

it('rejects when the client goes away within its request', async () => {
  const { socket, outcome } = await lengthServer();
  socket.write(chunked('€'));
  socket.destroy();
  expect(await outcome).toBeInstanceOf(CutOffError);
});
