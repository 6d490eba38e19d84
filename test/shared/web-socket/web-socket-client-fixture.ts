import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import { openWebSocket } from '../../../shared/web-socket/open-web-socket.ts';
import type {
  WebSocketConnection,
  WebSocketListener,
} from '../../../shared/web-socket/web-socket-connection.ts';
import { until } from '../../support/until.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** Notes what the listener hears; messages after `close` too. */
export class Notes implements WebSocketListener {
  readonly all: string[] = [];

  message(bytes: Buffer, isBinary: boolean): void {
    this.all.push(`${isBinary ? 'binary' : 'text'} ${bytes.toString()}`);
  }

  lateMessage(bytes: Buffer): void {
    this.all.push(`late ${bytes.toString()}`);
  }

  alive(): void {}

  closed(code: number): void {
    this.all.push(`closed ${code}`);
  }
}

/** A clock that stands still, so that no limit passes that a test does not let pass. */
const STILL = { after: () => () => {} };

export const MAX_MESSAGE_BYTES = 1024 * 1024;

/** Opens a WebSocket; notes `opened` or `failed: …`, and then what is heard. */
export function dial(url: string, options: Partial<Parameters<typeof openWebSocket>[1]> = {}) {
  const notes = new Notes();
  let opened: WebSocketConnection | undefined;
  openWebSocket(url, { clock: STILL, maxMessageBytes: MAX_MESSAGE_BYTES, ...options }).then(
    (connection) => {
      opened = connection;
      notes.all.push('opened');
      connection.listen(notes);
    },
    (error: Error) => notes.all.push(`failed: ${error.message}`),
  );
  cleanUps.push(() => opened?.terminate());
  return { notes: notes.all, opened: () => until(() => opened, 'the handshake is over') };
}

/** A server of the package `ws`, and a client that has connected to it. */
export async function connectionFixture(
  options: ServerOptions = {},
  dialOptions: Partial<Parameters<typeof openWebSocket>[1]> = {},
) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ...options });
  cleanUps.push(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  await once(server, 'listening');
  const received: string[] = [];
  let peer: WebSocket | undefined;
  server.on('connection', (socket) => {
    peer = socket;
    socket.on('message', (data) => received.push(String(data)));
    socket.on('error', (error) => received.push(`error: ${error.message}`));
  });
  const { notes, opened } = dial(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, dialOptions);
  return {
    client: await opened(),
    notes,
    received,
    peer: await until(() => peer, 'the server has a connection'),
  };
}

/** The header that shows a server has read the key of the request. */
export function acceptFor(requestText: string): string {
  const key = /^sec-websocket-key: *(\S+)/im.exec(requestText)?.[1] ?? '';
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

/** A server without any library: answers the request with this text and goes on with its socket. */
export async function rawServerFixture(
  answer: (requestText: string) => string | Buffer,
): Promise<{ url: string; sockets: Socket[]; received: Buffer[] }> {
  const sockets: Socket[] = [];
  const received: Buffer[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.once('data', (request) => {
      socket.write(answer(request.toString()));
      socket.on('data', (bytes) => received.push(bytes));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUps.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, sockets, received };
}

/** The response of a server that agrees, with these changes. */
export function switching(requestText: string, changes: Record<string, string> = {}): string {
  const headers = {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Accept': acceptFor(requestText),
    ...changes,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`;
}
