import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { WebSocketEndpoint } from '../../../relay/serve/web-socket-endpoint.ts';
import type { Clock } from '../../../shared/base/clock.ts';
import { HandshakeError } from '../../../shared/web-socket/handshake.ts';
import type { WebSocketConnection } from '../../../shared/web-socket/web-socket-connection.ts';
import { CLOSE, clientFrame, closePayload, PING, TEXT } from '../../shared/web-socket/client-frames.ts';
import { until } from '../../support/until.ts';
import { RelayClock } from '../relay-clock.ts';

const MAX_BYTES = 200_000;

interface Accepted {
  readonly socket: WebSocketConnection;
  readonly listener: {
    readonly message: (data: Buffer, isBinary: boolean) => void;
    readonly messages: string[];
    readonly alive: ReturnType<typeof vi.fn>;
    readonly closed: ReturnType<typeof vi.fn>;
  };
}

/** On a clock that stands still, so that no limit passes that a test does not let pass. */
async function serve(clock: Clock = new RelayClock()) {
  const endpoint = new WebSocketEndpoint({ clock, maxMessageBytes: MAX_BYTES });
  const accepted: Accepted[] = [];
  const refused: unknown[] = [];
  const server = createServer();
  server.on('upgrade', (request, connection, head) => {
    try {
      const socket = endpoint.accept(request, connection, head);
      const messages: string[] = [];
      const listener = {
        messages,
        message: (data: Buffer) => void messages.push(data.toString()),
        alive: vi.fn(),
        closed: vi.fn(),
      };
      socket.listen(listener);
      accepted.push({ socket, listener });
    } catch (error) {
      refused.push(error);
      connection.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n');
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  onTestFinished(async () => {
    endpoint.terminateAll();
    await new Promise((resolve) => server.close(resolve));
  });
  const first = async (): Promise<Accepted> => {
    await until(() => accepted.length > 0, 'the connection to be accepted');
    const [one] = accepted;
    if (one === undefined) throw new Error('nothing was accepted');
    return one;
  };
  return { port, endpoint, accepted, refused, first };
}

async function opened(port: number, protocols: string[] = []): Promise<WebSocket> {
  const client = new WebSocket(`ws://127.0.0.1:${port}/`, protocols);
  onTestFinished(() => client.terminate());
  await once(client, 'open');
  return client;
}

/** A client that can say what no library would, after a right handshake. */
async function rawClient(
  port: number,
  handshake: readonly string[] = HANDSHAKE,
  rest: Buffer = Buffer.alloc(0),
) {
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => void client.destroy());
  let received = Buffer.alloc(0);
  client.on('data', (data: Buffer) => {
    received = Buffer.concat([received, data]);
  });
  client.on('error', () => {});
  client.write(Buffer.concat([Buffer.from(`${handshake.join('\r\n')}\r\n\r\n`), rest]));
  await until(() => received.includes('\r\n\r\n'), 'the answer to the handshake');
  const head = received.subarray(0, received.indexOf('\r\n\r\n')).toString();
  return { client, head, body: () => received.subarray(received.indexOf('\r\n\r\n') + 4) };
}

const HANDSHAKE = [
  'GET / HTTP/1.1',
  'Host: localhost',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
];

describe('A WebSocket of the relay, to a client of another maker', () => {
  it('carries messages of any length both ways, in order', async () => {
    const { port, first } = await serve();
    const client = await opened(port);
    const { socket, listener } = await first();
    const heard: string[] = [];
    client.on('message', (data) => heard.push(String(data)));
    const texts = [1, 125, 126, 1_055, 65_535, 65_536, 199_999, 3].map((length, at) =>
      `${at}`.repeat(length),
    );
    for (const text of texts) {
      client.send(text);
      socket.send(text);
    }
    await until(() => heard.length === texts.length, 'the client to hear all');
    await until(() => listener.messages.length === texts.length, 'the server to hear all');
    expect(heard).toEqual(texts);
    expect(listener.messages).toEqual(texts);
  });

  it('writes characters beyond ASCII as UTF-8', async () => {
    const { port, first } = await serve();
    const client = await opened(port);
    const { socket } = await first();
    const heard = once(client, 'message');
    socket.send('Grüße – 電話 ☎');
    expect(String((await heard)[0])).toBe('Grüße – 電話 ☎');
  });

  it('keeps connections apart that share its memory', async () => {
    const { port, accepted } = await serve();
    const clients = await Promise.all(Array.from({ length: 8 }, () => opened(port)));
    for (let round = 0; round < 50; round += 1)
      for (const [at, client] of clients.entries()) client.send(`${at}/${round} ${'.'.repeat(900)}`);
    await until(() => accepted.every(({ listener }) => listener.messages.length === 50), 'all to be heard');
    for (const { listener } of accepted) {
      const who = listener.messages[0]?.split('/')[0];
      expect(listener.messages.map((text) => text.split(' ')[0])).toEqual(
        Array.from({ length: 50 }, (_, round) => `${who}/${round}`),
      );
    }
  });

  it('keeps what a slow reader has not taken, though others write meanwhile', async () => {
    const { port, accepted } = await serve();
    const slow = await opened(port);
    const reading = await opened(port);
    slow.pause();
    const [toSlow, toReading] = accepted.map(({ socket }) => socket);
    const texts = Array.from({ length: 200 }, (_, at) => `${at} ${'s'.repeat(60_000)}`);
    for (const text of texts) {
      toSlow?.send(text);
      toReading?.send('other');
    }
    expect(toSlow?.bufferedBytes, 'more than the system takes').toBeGreaterThan(0);
    const heard: string[] = [];
    slow.on('message', (data) => heard.push(String(data)));
    slow.resume();
    reading.resume();
    await until(() => heard.length === texts.length, 'the slow reader to hear all');
    expect(heard).toEqual(texts);
  });

  it('answers pings, and tells of pongs', async () => {
    const { port, first } = await serve();
    const client = await opened(port);
    const { socket, listener } = await first();
    const pong = once(client, 'pong');
    client.ping('are you there?');
    expect(String((await pong)[0])).toBe('are you there?');
    expect(listener.alive).toHaveBeenCalledOnce();
    socket.ping();
    await until(() => listener.alive.mock.calls.length === 2, 'the pong');
  });

  it.each([
    // `ws` gives back the code that it was given, with its reason.
    ['server', 1001, 'going away'],
    ['client', 3004, 'enough'],
  ])('is closed by the %s with a code that both hear', async (by, code, reason) => {
    const { port, first } = await serve();
    const client = await opened(port);
    const { socket, listener } = await first();
    const closed = once(client, 'close');
    if (by === 'server') socket.close(code, 'going away');
    else client.close(code, 'enough');
    expect((await closed)[0]).toBe(code);
    await socket.closed;
    expect(listener.closed).toHaveBeenCalledExactlyOnceWith(code, reason);
  });

  it('says nothing after it has closed', async () => {
    const { port, first } = await serve();
    const client = await opened(port);
    const { socket } = await first();
    const heard = vi.fn();
    client.on('message', heard);
    const closed = once(client, 'close');
    socket.close(1000, '');
    socket.close(1001, 'again');
    socket.send('too late');
    socket.ping();
    expect((await closed)[0]).toBe(1000);
    expect(heard).not.toHaveBeenCalled();
  });

  it('agrees to the first subprotocol that is offered, and to no extension', async () => {
    const { port } = await serve();
    const client = await opened(port, ['audio.v2', 'audio.v1']);
    expect(client.protocol).toBe('audio.v2');
    expect(client.extensions).toBe('');
  });
});

describe('A WebSocket of the relay, to a client that does as it likes', () => {
  it('accepts by the example of the RFC', async () => {
    const { port } = await serve();
    const { head } = await rawClient(port);
    expect(head).toContain('HTTP/1.1 101 ');
    expect(head).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  });

  it('hears what comes in one piece with the handshake', async () => {
    const { port, first } = await serve();
    await rawClient(port, HANDSHAKE, clientFrame({ opcode: TEXT, payload: 'early' }));
    const { listener } = await first();
    await until(() => listener.messages.length === 1, 'the early message');
    expect(listener.messages).toEqual(['early']);
  });

  it.each([
    ['another method', 'GET / HTTP/1.1', 'PUT / HTTP/1.1'],
    ['another protocol', 'Upgrade: websocket', 'Upgrade: h2c'],
    ['a key that is too short', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Key: dGhl'],
    ['no key', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'X-No: key'],
    ['another version', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Version: 8'],
  ])('refuses a handshake with %s', async (_, right, wrong) => {
    const { port, refused, accepted } = await serve();
    const { head } = await rawClient(
      port,
      HANDSHAKE.map((line) => (line === right ? wrong : line)),
    );
    expect(head).toContain('HTTP/1.1 400');
    expect(refused[0]).toBeInstanceOf(HandshakeError);
    expect(accepted).toHaveLength(0);
  });

  it('tells of a breach and ends the connection', async () => {
    const { port, first } = await serve();
    const { client, body } = await rawClient(port);
    const { socket, listener } = await first();
    client.write(clientFrame({ opcode: TEXT, mask: null }));
    await until(() => body().byteLength > 4, 'the close');
    expect(body().readUInt16BE(2)).toBe(1002);
    client.end();
    await socket.closed;
    expect(listener.closed).toHaveBeenCalledExactlyOnceWith(1006, '');
  });

  it('answers a close and ends, in bounded time even when the other side stays', async () => {
    const clock = new RelayClock();
    const { port, first } = await serve(clock);
    const { client, body } = await rawClient(port);
    const { socket, listener } = await first();
    client.write(clientFrame({ opcode: CLOSE, payload: closePayload(1000, 'bye') }));
    await until(() => body().byteLength === 4, 'the answer');
    expect([...body()]).toEqual([0x88, 2, 0x03, 0xe8]);
    await until(() => clock.pending === 1, 'the limit to be set');
    await clock.advance(2_000);
    await socket.closed;
    expect(listener.closed).toHaveBeenCalledExactlyOnceWith(1000, 'bye');
    expect(clock.pending).toBe(0);
  });

  it('is gone when the connection is', async () => {
    const { port, first, endpoint } = await serve();
    const { client } = await rawClient(port);
    const { socket, listener } = await first();
    client.destroy();
    await socket.closed;
    expect(listener.closed).toHaveBeenCalledExactlyOnceWith(1006, '');
    await endpoint.allClosed();
  });

  it('does not queue pongs for a client that only pings', async () => {
    const { port, first } = await serve();
    const { client } = await rawClient(port);
    const { socket, listener } = await first();
    client.pause();
    const pings = Buffer.concat(
      Array.from({ length: 2_000 }, () => clientFrame({ opcode: PING, payload: 'p'.repeat(125) })),
    );
    let sent = 0;
    while (socket.bufferedBytes < 64 * 1024 && sent < 200) {
      client.write(pings);
      sent += 1;
      const before = listener.alive.mock.calls.length;
      await until(() => listener.alive.mock.calls.length >= before + 2_000, 'the pings to be read');
    }
    client.write(pings);
    const before = listener.alive.mock.calls.length;
    await until(() => listener.alive.mock.calls.length >= before + 2_000, 'more pings to be read');
    expect(socket.bufferedBytes).toBeLessThan(66 * 1024);
  });
});
