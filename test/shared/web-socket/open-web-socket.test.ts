import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { generate } from 'selfsigned';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { systemClock } from '../../../shared/base/clock.ts';
import { HandshakeError } from '../../../shared/web-socket/handshake.ts';
import { openWebSocket } from '../../../shared/web-socket/open-web-socket.ts';
import type { WebSocketConnection } from '../../../shared/web-socket/web-socket-connection.ts';
import { until } from '../../support/until.ts';

const OPTIONS = { subprotocol: 'audio.v1', clock: systemClock, maxMessageBytes: 200_000 };

/** A server of another maker, and the connections that it has. */
async function serve(server: Server = createServer()) {
  const sockets: WebSocket[] = [];
  const webSockets = new WebSocketServer({ server });
  webSockets.on('connection', (socket) => sockets.push(socket));
  const port = await listen(server);
  onTestFinished(() => {
    for (const socket of sockets) socket.terminate();
  });
  return { port, sockets };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const upgraded: Socket[] = [];
  // A server of HTTP lets go of a connection with its upgrade: nobody else would hear that it was reset.
  server.on('upgrade', (_, socket: Socket) => upgraded.push(socket.on('error', () => {})));
  onTestFinished(async () => {
    for (const socket of upgraded) socket.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

function listenTo(connection: WebSocketConnection) {
  onTestFinished(() => connection.terminate());
  const heard: Buffer[] = [];
  const closed = vi.fn();
  connection.listen({ message: (data) => heard.push(Buffer.from(data)), alive: () => {}, closed });
  return { heard, closed };
}

function payloads(): Buffer[] {
  return [0, 1, 125, 126, 3_300, 65_535, 65_536, 150_000].map((length, at) => Buffer.alloc(length, at + 1));
}

async function expectEcho(connection: WebSocketConnection, server: WebSocket | undefined): Promise<void> {
  const { heard } = listenTo(connection);
  server?.on('message', (data) => server.send(data));
  for (const payload of payloads()) await connection.sendBytes(payload);
  await until(() => heard.length === payloads().length, 'the echo');
  expect(heard.every((data, at) => data.equals(payloads()[at] ?? Buffer.alloc(0)))).toBe(true);
}

describe('A WebSocket that the relay opens', () => {
  it('carries bytes of any length both ways, in order', async () => {
    const { port, sockets } = await serve();
    const connection = await openWebSocket(`ws://127.0.0.1:${port}/client/?token=x`, OPTIONS);
    await expectEcho(connection, sockets[0]);
  });

  it('does the same over TLS, where nothing can be read into given memory', async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }]);
    const { port, sockets } = await serve(createSecureServer({ key, cert }) as unknown as Server);
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    onTestFinished(() => void vi.unstubAllEnvs());
    const connection = await openWebSocket(`wss://127.0.0.1:${port}/`, OPTIONS);
    await expectEcho(connection, sockets[0]);
  });

  it('masks every frame with another mask', async () => {
    const server = createServer();
    let received = Buffer.alloc(0);
    server.on('upgrade', (request, socket: Socket) => {
      socket.write(agreement(request.headers['sec-websocket-key']));
      socket.on('data', (data) => {
        received = Buffer.concat([received, data]);
      });
    });
    const connection = await openWebSocket(`ws://127.0.0.1:${await listen(server)}/`, OPTIONS);
    listenTo(connection);
    await connection.sendBytes(Buffer.alloc(4));
    await connection.sendBytes(Buffer.alloc(4));
    await until(() => received.byteLength === 20, 'both frames');
    expect([...received.subarray(0, 2), ...received.subarray(10, 12)]).toEqual([0x82, 0x84, 0x82, 0x84]);
    const [first, second] = [received.subarray(2, 6), received.subarray(12, 16)];
    expect(first.equals(second)).toBe(false);
    expect(received.subarray(6, 10).equals(first), 'zeros under a mask are the mask').toBe(true);
  });

  it('hears what comes in one piece with the answer to the handshake', async () => {
    const server = createServer();
    server.on('upgrade', (request, socket: Socket) =>
      socket.write(
        Buffer.concat([
          Buffer.from(agreement(request.headers['sec-websocket-key'])),
          Buffer.from([0x82, 3, 1, 2, 3]),
        ]),
      ),
    );
    const connection = await openWebSocket(`ws://127.0.0.1:${await listen(server)}/`, OPTIONS);
    const { heard } = listenTo(connection);
    await until(() => heard.length === 1, 'the early message');
    expect([...(heard[0] ?? [])]).toEqual([1, 2, 3]);
  });

  it('hears with which code and why it was closed, and takes nothing more', async () => {
    const { port, sockets } = await serve();
    const connection = await openWebSocket(`ws://127.0.0.1:${port}/`, OPTIONS);
    const { closed } = listenTo(connection);
    await until(() => sockets.length === 1, 'the server to have it');
    sockets[0]?.close(4001, 'no such hub');
    await until(() => closed.mock.calls.length === 1, 'the close');
    expect(closed).toHaveBeenCalledExactlyOnceWith(4001, 'no such hub');
    expect(connection.isOpen).toBe(false);
    connection.sendBytes(Buffer.alloc(1));
    expect(connection.bufferedBytes, 'what is sent afterwards').toBe(0);
  });

  it('ends when the server masks what it sends', async () => {
    const { port, sockets } = await serve();
    const connection = await openWebSocket(`ws://127.0.0.1:${port}/`, OPTIONS);
    const { closed, heard } = listenTo(connection);
    await until(() => sockets.length === 1, 'the server to have it');
    sockets[0]?.send('as a client would', { mask: true });
    await until(() => closed.mock.calls.length === 1, 'the end');
    expect(heard).toHaveLength(0);
  });

  it('is refused with what the server says, and when nobody is there', async () => {
    const server = createServer((_, response) => response.writeHead(401).end());
    server.on('upgrade', (_, socket) => socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n'));
    const port = await listen(server);
    const refused = openWebSocket(`ws://127.0.0.1:${port}/`, OPTIONS);
    await expect(refused).rejects.toThrow('the server refused the handshake with the status 401');
    await expect(openWebSocket('ws://127.0.0.1:1/', OPTIONS)).rejects.toThrow('ECONNREFUSED');
  });

  it.each([
    ['has not read the key', agreement('another key'), 'the server has not read the key'],
    ['wants an extension', agreement(undefined, ['Sec-WebSocket-Extensions: deflate']), 'an extension'],
    ['agrees to no subprotocol', agreement(undefined, [], null), 'another subprotocol'],
  ])('is not opened to a server that %s', async (_, answer, message) => {
    const server = createServer();
    server.on('upgrade', (request, socket) =>
      socket.write(answer.replace(OWN_KEY, acceptOf(request.headers['sec-websocket-key']))),
    );
    const opening = openWebSocket(`ws://127.0.0.1:${await listen(server)}/`, OPTIONS);
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toBeInstanceOf(HandshakeError);
  });
});

const OWN_KEY = 'accept of the own key';

function acceptOf(key: string | undefined): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

function agreement(
  key: string | undefined,
  more: string[] = [],
  protocol: string | null = 'audio.v1',
): string {
  return [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${key === undefined ? OWN_KEY : acceptOf(key)}`,
    ...(protocol === null ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
    ...more,
    '\r\n',
  ].join('\r\n');
}
