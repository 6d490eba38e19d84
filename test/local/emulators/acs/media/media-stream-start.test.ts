import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  createOpenMediaStream,
  openMediaStream,
} from '../../../../../local/emulators/acs/media/media-stream.ts';
import { freePort } from '../../../../../local/emulators/common/free-port.ts';
import { until } from '../../../../support/until.ts';
import { FakePhone } from './fake-phone.ts';

import { cleanUps, Notes, OPTIONS, serverFixture, streamFixture } from './media-stream-fixture.ts';

describe('the handshake of a media stream', () => {
  it('keeps path and query, carries the headers, offers no compression, and starts with the metadata', async () => {
    const media = await serverFixture();
    const headers = {
      Authorization: 'Bearer token',
      'x-ms-call-connection-id': 'connection',
      'x-ms-call-correlation-id': 'correlation',
    };
    const { connection, notes } = await streamFixture(
      { url: `${media.url}/media/a%2Fb?ticket=x.y-z_&n=1`, headers },
      media,
    );
    expect(connection.url).toBe('/media/a%2Fb?ticket=x.y-z_&n=1');
    expect(connection.headers).toMatchObject({
      authorization: 'Bearer token',
      'x-ms-call-connection-id': 'connection',
      'x-ms-call-correlation-id': 'correlation',
    });
    expect(connection.headers['sec-websocket-extensions']).toBeUndefined();
    expect(connection.frames[0]?.json).toEqual({
      kind: 'AudioMetadata',
      audioMetadata: {
        subscriptionId: OPTIONS.subscriptionId,
        encoding: 'PCM',
        sampleRate: 16_000,
        channels: 1,
        length: 640,
      },
    });
    expect(notes.all).toEqual(['started']);
  });

  it.each(['', 'relay', 'http://127.0.0.1:1/', '/media', 'ws://127.0.0.1:1/#part', 'wss://'])(
    'fails for the URL "%s", which cannot be dialled',
    async (url) => {
      const notes = new Notes();
      openMediaStream({ ...OPTIONS, url }, notes);
      expect(notes.all, 'nothing is told before the stream is returned').toEqual([]);
      await until(() => notes.all.length > 0, 'the listener is told');
      expect(notes.all).toEqual(['failed invalidUrl: the transport URL is not a ws: or wss: URL']);
    },
  );

  it('fails when it is refused, and tells nothing of path and query', async () => {
    const media = await serverFixture({ refuseWith: 401 });
    const phone = new FakePhone('4:+1');
    const notes = new Notes();
    const warnings: string[] = [];
    const open = createOpenMediaStream({ warn: (line) => warnings.push(line) });
    open({ ...OPTIONS, url: `${media.url}/media?ticket=secret`, phones: [phone] }, notes);
    await until(() => notes.all.length > 0, 'the listener is told');
    const why = `${new URL(media.url).host} did not accept the WebSocket: the server refused the handshake with the status 401`;
    expect(notes.all).toEqual([`failed notAccepted: ${why}`]);
    expect(warnings).toEqual([expect.stringContaining(`not opened: ${why}`)]);
    expect(phone.events, 'the phone never had media').toEqual([]);
  });

  it('fails when nobody listens', async () => {
    const notes = new Notes();
    openMediaStream({ ...OPTIONS, url: `ws://127.0.0.1:${await freePort()}` }, notes);
    await until(() => notes.all.length > 0, 'the listener is told');
    expect(notes.all[0]).toContain('failed notAccepted');
    expect(notes.all[0]).toContain('ECONNREFUSED');
  });

  describe('with somebody who never answers', () => {
    async function mute(): Promise<{ url: string; sockets: Socket[] }> {
      const sockets: Socket[] = [];
      const listening: Server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
      await once(listening, 'listening');
      cleanUps.push(() => {
        for (const socket of sockets) socket.destroy();
        listening.close();
      });
      return { url: `ws://127.0.0.1:${(listening.address() as AddressInfo).port}/`, sockets };
    }

    it('fails after a while', async () => {
      const { url } = await mute();
      const notes = new Notes();
      createOpenMediaStream({ handshakeTimeoutMs: 20 })({ ...OPTIONS, url }, notes);
      await until(() => notes.all.length > 0, 'the listener is told');
      expect(notes.all[0]).toContain('the server did not answer the handshake in time');
    });

    it('can be stopped at any time and tells nothing then', async () => {
      const { url, sockets } = await mute();
      const notes = new Notes();
      const stream = openMediaStream({ ...OPTIONS, url }, notes);
      const socket = await until(() => sockets[0], 'a connection');
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.on('error', () => {}).resume();
      stream.stop();
      stream.stop();
      await closed;
      expect(notes.all).toEqual([]);
    });
  });
});
