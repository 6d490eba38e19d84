import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { createLocalCertificate } from '../../../local/emulators/common/local-certificate.ts';
import { until } from '../../support/until.ts';
import { closePayload } from './client-frames.ts';
import { serverFrame } from './server-frames.ts';
import {
  connectionFixture,
  dial,
  MAX_MESSAGE_BYTES,
  rawServerFixture,
  switching,
} from './web-socket-client-fixture.ts';

describe('the handshake of a client', () => {
  it('sends what RFC 6455 asks for, path, query, credentials and headers of the caller', async () => {
    let asked = '';
    const { url } = await rawServerFixture((request) => {
      asked = request;
      return switching(request);
    });
    const target = new URL('/a%2Fb?ticket=x.y-z_&n=1', url);
    target.username = 'me';
    target.password = 'secret';
    const { notes } = dial(target.href, { headers: { 'x-ms-call-connection-id': 'c1' } });
    await until(() => notes.length > 0, 'the handshake is over');
    expect(notes).toEqual(['opened']);
    expect(asked).toMatch(/^GET \/a%2Fb\?ticket=x\.y-z_&n=1 HTTP\/1\.1\r\n/);
    expect(asked).toMatch(new RegExp(`^Host: ${new URL(url).host}\r$`, 'm'));
    expect(asked).toMatch(/^Upgrade: websocket\r$/m);
    expect(asked).toMatch(/^Connection: Upgrade\r$/m);
    expect(asked).toMatch(/^Sec-WebSocket-Version: 13\r$/m);
    expect(asked).toMatch(/^Sec-WebSocket-Key: [A-Za-z0-9+/]{22}==\r$/m);
    expect(asked).toMatch(/^x-ms-call-connection-id: c1\r$/m);
    expect(asked).toContain(`Authorization: Basic ${Buffer.from('me:secret').toString('base64')}\r\n`);
    expect(asked.toLowerCase()).not.toMatch(/sec-websocket-(extensions|protocol)/);
  });

  it.each([
    ['another upgrade', { Upgrade: 'h2c' }, 'the server upgrades to something else'],
    [
      'a key that it has not read',
      { 'Sec-WebSocket-Accept': 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=' },
      'the server has not read the key',
    ],
    ['a subprotocol', { 'Sec-WebSocket-Protocol': 'chat' }, 'the server wants another subprotocol'],
    ['an extension', { 'Sec-WebSocket-Extensions': 'permessage-deflate' }, 'the server wants an extension'],
  ])('fails when the server answers with %s', async (_, changes, words) => {
    const { url, sockets } = await rawServerFixture((request) => switching(request, changes));
    const { notes } = dial(url);
    await until(() => notes.length > 0, 'the listener is told');
    expect(notes).toEqual([`failed: ${words}`]);
    await until(() => sockets[0]?.readableEnded || sockets[0]?.destroyed, 'the connection ends');
  });

  it('fails when the server answers with a page', async () => {
    const { url } = await rawServerFixture(() => 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    const { notes } = dial(url);
    await until(() => notes.length > 0, 'the listener is told');
    expect(notes).toEqual(['failed: the server refused the handshake with the status 200']);
  });

  it('fails when the server does not answer in time', async () => {
    const { url } = await rawServerFixture(() => '');
    const { notes } = dial(url, { answerLimitMs: 20 });
    await until(() => notes.length > 0, 'the listener hears of it');
    expect(notes).toEqual(['failed: the server did not answer the handshake in time']);
  });

  it('cannot be given up any more once the connection is open', async () => {
    const abandoned = new AbortController();
    const { client, peer, received } = await connectionFixture({}, { signal: abandoned.signal });
    abandoned.abort();
    client.send('still open');
    await until(() => received.length > 0, 'the message');
    expect(peer.readyState).toBe(peer.OPEN);
  });

  it('fails when the connection ends before the answer', async () => {
    let asked = false;
    const { url, sockets } = await rawServerFixture(() => {
      asked = true;
      return '';
    });
    const { notes } = dial(url);
    // A socket that is destroyed before it has been read is not ended but reset.
    await until(() => asked, 'the request');
    sockets[0]?.destroy();
    await until(() => notes.length > 0, 'the listener is told');
    expect(notes).toEqual(['failed: socket hang up']);
  });

  it('takes in what comes together with the answer, and what comes in pieces', async () => {
    const { url, sockets } = await rawServerFixture((request) =>
      Buffer.concat([Buffer.from(switching(request)), serverFrame(1, Buffer.from('at once'))]),
    );
    const { notes } = dial(url);
    await until(() => notes.length > 1, 'the first message');
    const frame = serverFrame(1, Buffer.from('in pieces'));
    sockets[0]?.write(frame.subarray(0, 4));
    await new Promise(setImmediate);
    sockets[0]?.write(frame.subarray(4));
    await until(() => notes.length > 2, 'the second message');
    expect(notes).toEqual(['opened', 'text at once', 'text in pieces']);
  });

  it('goes over TLS to a server whose authority is trusted, and to no other', async () => {
    const { tls: identity, ca } = await createLocalCertificate('127.0.0.1', Date.now());
    const https = createServer(identity).listen(0, '127.0.0.1');
    await once(https, 'listening');
    const server = new WebSocketServer({ server: https });
    server.on('connection', (socket) => socket.on('message', (data) => socket.send(`${data}, too`)));
    const url = `wss://127.0.0.1:${(https.address() as AddressInfo).port}/`;
    const trusted = tls.getCACertificates('default');
    try {
      const stranger = dial(url);
      await until(() => stranger.notes.length > 0, 'the listener is told');
      expect(stranger.notes[0]).toMatch(/^failed: .*(certificate|issuer)/);

      tls.setDefaultCACertificates([ca]);
      const { opened, notes } = dial(url);
      const client = await opened();
      client.send('over TLS');
      await until(() => notes.length > 1, 'the answer');
      expect(notes).toEqual(['opened', 'text over TLS, too']);
      client.close(1_000, '');
      await until(() => notes.length > 2, 'the end');
      expect(notes.at(-1)).toBe('closed 1000');
    } finally {
      tls.setDefaultCACertificates(trusted);
      https.close();
      https.closeAllConnections();
    }
  });
});

describe('an open client', () => {
  it('sends text in one frame and in several, and bytes that may be changed at once', async () => {
    const { client, received } = await connectionFixture();
    const bytes = Buffer.from('reused');
    client.send('whole');
    client.send('in ', false);
    client.send('three ', false);
    client.send('parts', true);
    client.send(bytes);
    bytes.fill(0);
    await until(() => received.length === 3, 'the messages arrive');
    expect(received).toEqual(['whole', 'in three parts', 'reused']);
  });

  it('hears text and binary messages of several frames', async () => {
    const { notes, peer } = await connectionFixture();
    peer.send('one');
    peer.send('tw', { fin: false });
    peer.send('o', { fin: true });
    peer.send(Buffer.from('three'), { binary: true });
    await until(() => notes.length === 4, 'the messages arrive');
    expect(notes).toEqual(['opened', 'text one', 'text two', 'binary three']);
  });

  it('answers a ping with what came in it', async () => {
    const { peer } = await connectionFixture();
    const pongs: string[] = [];
    peer.on('pong', (data) => pongs.push(String(data)));
    peer.ping('are you there');
    await until(() => pongs.length > 0, 'the pong');
    expect(pongs).toEqual(['are you there']);
  });

  it('keeps every byte, and answers the latest ping, when the server reads nothing for a while', async () => {
    const { client, notes, received, peer } = await connectionFixture();
    const pongs: string[] = [];
    peer.on('pong', (data) => pongs.push(String(data)));
    peer.pause();
    const messages = Array.from({ length: 400 }, (_, i) => `${i} ${String(i % 10).repeat(40_000)}`);
    for (const message of messages) client.send(message);
    expect(client.bufferedBytes, 'bytes that the network has not taken').toBeGreaterThan(1_000_000);
    for (let i = 0; i < 100; i++) peer.ping(`ping ${i}`);
    peer.send('after the pings');
    await until(() => notes.includes('text after the pings'), 'the pings are read');
    peer.resume();
    await until(() => received.length === messages.length && pongs.length > 0, 'everything arrives');
    expect(pongs, 'one answer, instead of a hundred in memory').toEqual(['ping 99']);
    expect(
      received.findIndex((message, i) => message !== messages[i]),
      'the first message that is another',
    ).toBe(-1);
    expect(client.bufferedBytes).toBe(0);
  });

  it('writes several messages at once', async () => {
    const { client, received } = await connectionFixture();
    client.together(() => {
      client.send('first');
      client.send('second');
      expect(client.bufferedBytes, 'nothing has left yet').toBeGreaterThan(0);
    });
    await until(() => received.length === 2, 'the messages arrive');
    expect(received).toEqual(['first', 'second']);
  });

  it('reads nothing while it is paused', async () => {
    const { client, notes, peer } = await connectionFixture();
    const pongs: string[] = [];
    peer.on('pong', () => pongs.push('pong'));
    client.pause();
    await new Promise<void>((resolve) => peer.send('unheard', () => resolve()));
    peer.ping();
    client.send('still sent');
    await once(peer, 'message');
    expect(notes).toEqual(['opened']);
    expect(pongs).toEqual([]);
  });
});

describe('the end of a client', () => {
  it('is told with the code that the server answers', async () => {
    const { client, notes, peer } = await connectionFixture();
    client.close(1_000, '');
    client.close(1_001, '');
    client.send('too late');
    expect(client.isOpen).toBe(false);
    const [code] = await once(peer, 'close');
    expect(code).toBe(1_000);
    await until(() => notes.length > 1, 'the listener is told');
    expect(notes).toEqual(['opened', 'closed 1000']);
  });

  it.each([
    [4_001, 4_001],
    [undefined, 1_005],
  ])('is told with the code %s of the server, which has it back', async (code, told) => {
    const { notes, peer } = await connectionFixture();
    peer.close(code);
    const [echoed] = await once(peer, 'close');
    expect(echoed).toBe(told);
    await until(() => notes.length > 1, 'the listener is told');
    expect(notes).toEqual(['opened', `closed ${told}`]);
  });

  it('is 1006 when the connection is cut, by either side', async () => {
    const cutByPeer = await connectionFixture();
    cutByPeer.peer.terminate();
    await until(() => cutByPeer.notes.length > 1, 'the listener is told');
    expect(cutByPeer.notes).toEqual(['opened', 'closed 1006']);

    const cut = await connectionFixture();
    cut.client.terminate();
    cut.client.terminate();
    await until(() => cut.notes.length > 1, 'the listener is told');
    expect(cut.notes).toEqual(['opened', 'closed 1006']);
  });

  it('is 1006 when the connection ends without a close frame', async () => {
    const { url, sockets } = await rawServerFixture(switching);
    const { notes } = dial(url);
    await until(() => notes.length > 0, 'the handshake is over');
    sockets[0]?.end();
    await until(() => notes.length > 1, 'the listener is told');
    expect(notes).toEqual(['opened', 'closed 1006']);
  });

  it('comes by itself when the server does not answer the close frame', async () => {
    const { url, received } = await rawServerFixture(switching);
    const deadlines: (() => void)[] = [];
    const clock = {
      after: (_: number, run: () => void) => {
        deadlines.push(run);
        return () => {};
      },
    };
    const { opened, notes } = dial(url, { clock });
    (await opened()).close(1_000, '');
    await until(() => received.length > 0, 'the close frame');
    expect(deadlines, 'one limit').toHaveLength(1);
    deadlines[0]?.();
    await until(() => notes.length > 1, 'the listener is told');
    expect(notes).toEqual(['opened', 'closed 1006']);
  });

  it('hears what was under way when it closed, up to the close frame', async () => {
    const { url, sockets, received } = await rawServerFixture(switching);
    const { opened, notes } = dial(url);
    (await opened()).close(1_000, '');
    await until(() => received.length > 0, 'the close frame');
    sockets[0]?.write(
      Buffer.concat([
        serverFrame(1, Buffer.from('late')),
        serverFrame(8, closePayload(4_002)),
        serverFrame(1, Buffer.from('x')),
      ]),
    );
    await until(() => notes.length > 2, 'the listener is told');
    expect(notes).toEqual(['opened', 'late late', 'closed 4002']);
  });

  it.each([
    ['a frame of an unknown kind', serverFrame(5, Buffer.alloc(0)), 1_002],
    ['text that is none', serverFrame(1, Buffer.from([0xff])), 1_007],
  ])('follows %s, with a close frame that says why', async (_, frame, code) => {
    const { notes, peer } = await connectionFixture();
    const closed = once(peer, 'close');
    // Beneath the library, which would not send it.
    (peer as unknown as { _socket: { write(bytes: Buffer): void } })._socket.write(frame);
    expect((await closed)[0]).toBe(code);
    await until(() => notes.length > 1, 'the listener is told');
    expect(notes).toEqual(['opened', 'closed 1006']);
  });

  it('follows a message that is too long, before all of it has come', async () => {
    const { notes, peer } = await connectionFixture();
    const closed = once(peer, 'close');
    peer.send(Buffer.alloc(MAX_MESSAGE_BYTES + 1));
    expect((await closed)[0]).toBe(1_009);
    await until(() => notes.length > 1, 'the listener is told');
    expect(notes.filter((note) => note.startsWith('binary'))).toEqual([]);
  });

  it('is a failed handshake when it was given up before it was open', async () => {
    const { url, sockets } = await rawServerFixture(() => '');
    const abandoned = new AbortController();
    const { notes } = dial(url, { signal: abandoned.signal });
    const socket = await until(() => sockets[0], 'a connection');
    const closed = once(socket, 'close');
    abandoned.abort();
    await closed;
    await until(() => notes.length > 0, 'the refusal');
    expect(notes).toEqual(['failed: the handshake was given up']);
  });
});
