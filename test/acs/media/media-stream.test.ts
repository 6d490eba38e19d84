import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createOpenMediaStream, openMediaStream } from '../../../local/acs/media/media-stream.ts';
import { MediaTicker } from '../../../local/acs/media/media-ticker.ts';
import type { MediaStream, MediaStreamListener, MediaStreamOptions } from '../../../local/acs/media/port.ts';
import { createWavPhone, type WavPhone } from '../../../local/phone/wav-phone.ts';
import { noise } from '../../support/signals.ts';
import { StallingClock } from '../../support/stalling-clock.ts';
import { until } from '../../support/until.ts';
import { FakePhone } from './fake-phone.ts';
import { type MediaConnection, type MediaServer, samplesOf, startMediaServer } from './media-server.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** Notes what the listener was told. */
class Notes implements MediaStreamListener {
  readonly all: string[] = [];

  started(): void {
    this.all.push('started');
  }

  failed(failure: string, detail: string): void {
    this.all.push(`failed ${failure}: ${detail}`);
  }

  closedByPeer(code: number): void {
    this.all.push(`closedByPeer ${code}`);
  }
}

const OPTIONS = {
  audioFormat: 'pcm16KMono',
  audioChannelType: 'mixed',
  enableBidirectional: true,
  enableDtmfTones: true,
  headers: {},
  subscriptionId: '89e8cb59-b991-48b0-b154-1db84f16a077',
  phones: [],
} as const satisfies Partial<MediaStreamOptions>;

interface Running {
  readonly clock: StallingClock;
  readonly notes: Notes;
  readonly stream: MediaStream;
  readonly connection: MediaConnection;
  /** Lets the next frame fall due and waits until the application has it. */
  tick(count?: number): Promise<void>;
  /** Sends to the stream and waits until it has been read. */
  send(...messages: (string | Buffer)[]): Promise<void>;
}

async function server(options?: Parameters<typeof startMediaServer>[0]): Promise<MediaServer> {
  const started = await startMediaServer(options);
  cleanUps.push(() => started.close());
  return started;
}

/** Opens a stream on a clock that the test moves. */
async function open(
  changes: Partial<MediaStreamOptions>,
  media: MediaServer | undefined = undefined,
): Promise<Running> {
  const application = media ?? (await server());
  const clock = new StallingClock();
  const notes = new Notes();
  const stream = createOpenMediaStream({ ticker: new MediaTicker(clock) })(
    { ...OPTIONS, url: application.url, ...changes },
    notes,
  );
  cleanUps.push(() => stream.stop());
  const connection = await until(() => application.connections.at(-1), 'a media connection');
  await until(() => notes.all.length > 0 && connection.frames.length > 0, 'the stream starts');
  let ticks = 0;
  const heardOf = (): number =>
    Object.values(stream.report().ignored).reduce((sum, count) => sum + count, 0) +
    stream.report().audioMessagesReceived +
    stream.report().stopAudioCount;
  return {
    clock,
    notes,
    stream,
    connection,
    tick: async (count = 1) => {
      for (let i = 0; i < count; i++) {
        // The first frame is due at once.
        clock.advance(ticks === 0 ? 0 : 20);
        ticks += 1;
        await until(() => audioOf(connection).length === stream.report().framesSent, 'frames arrive');
      }
    },
    send: async (...messages) => {
      const expected = heardOf() + messages.length;
      for (const message of messages) connection.socket.send(message);
      await until(() => heardOf() === expected, `${messages.length} messages are read`);
    },
  };
}

function audioOf(connection: MediaConnection) {
  return connection.frames.filter(({ kind }) => kind === 'AudioData');
}

function joined(frames: readonly Int16Array[]): Int16Array {
  return Int16Array.from(frames.flatMap((frame) => [...frame]));
}

function audio(samples: Int16Array): string {
  return JSON.stringify({
    kind: 'AudioData',
    audioData: { data: Buffer.from(samples.buffer).toString('base64') },
  });
}

const STOP = '{"Kind":"StopAudio","AudioData":null,"StopAudio":{}}';

function caller(speech: Int16Array, sampleRateHz: number): WavPhone {
  return createWavPhone({
    rawId: '4:+14255550123',
    speech: { samples: speech, sampleRateHz },
    tailMs: 60_000,
    maxMs: 60_000,
    onHangUp: () => {},
  });
}

describe('the handshake of a media stream', () => {
  it('keeps path and query, carries the headers, offers no compression, and starts with the metadata', async () => {
    const media = await server();
    const headers = {
      Authorization: 'Bearer token',
      'x-ms-call-connection-id': 'connection',
      'x-ms-call-correlation-id': 'correlation',
    };
    const { connection, notes } = await open(
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
    const media = await server({ refuseWith: 401 });
    const phone = new FakePhone('4:+1');
    const notes = new Notes();
    openMediaStream({ ...OPTIONS, url: `${media.url}/media?ticket=secret`, phones: [phone] }, notes);
    await until(() => notes.all.length > 0, 'the listener is told');
    expect(notes.all).toEqual([
      `failed notAccepted: ${new URL(media.url).host} did not accept the WebSocket: Unexpected server response: 401`,
    ]);
    expect(phone.events, 'the phone never had media').toEqual([]);
  });

  it('fails when nobody listens', async () => {
    const media = await startMediaServer();
    await media.close();
    const notes = new Notes();
    openMediaStream({ ...OPTIONS, url: media.url }, notes);
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
      expect(notes.all[0]).toContain('Opening handshake has timed out');
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

describe('a media stream', () => {
  it.each([
    ['pcm16KMono', 16_000, 320],
    ['pcm24KMono', 24_000, 480],
  ] as const)(
    'carries every sample of %s to the application and back, once and in order',
    async (audioFormat, rate, frame) => {
      const speech = noise(frame * 12 + 100, 7);
      const phone = caller(speech, rate);
      const media = await server({ echo: true });
      const { connection, stream, tick } = await open({ audioFormat, phones: [phone] }, media);
      for (let i = 1; i <= 16; i++) {
        await tick();
        await until(() => stream.report().audioMessagesReceived === i, 'the echo arrives');
      }
      const sent = joined(audioOf(connection).map(samplesOf));
      expect(sent.subarray(0, speech.length), 'speech begins with the first frame').toEqual(speech);
      expect(sent).toEqual(phone.said());
      const heard = phone.heardFromApplication();
      expect(heard.length).toBe(frame * 15);
      expect(heard.subarray(0, speech.length)).toEqual(speech);
      expect(phone.fromApplicationPerFrame()[0], 'nothing can be heard before the first echo').toBe(0);
      expect(stream.report()).toMatchObject({
        framesSent: 16,
        samplesReceived: frame * 16,
        samplesPlayed: frame * 15,
        playoutQueueMs: 20,
        ignored: {},
      });
    },
  );

  it('is echoed exactly in real time too', async () => {
    const speech = noise(320 * 20, 3);
    const phone = caller(speech, 16_000);
    const media = await server({ echo: true });
    const notes = new Notes();
    const stream = openMediaStream({ ...OPTIONS, url: media.url, phones: [phone] }, notes);
    cleanUps.push(() => stream.stop());
    await until(() => phone.heardFromApplication().length >= speech.length, 'the echo of everything');
    expect(phone.heardFromApplication().subarray(0, speech.length)).toEqual(speech);
    const { ownLatenessMs } = stream.report();
    expect(ownLatenessMs.p99).toBeGreaterThan(0);
    expect(ownLatenessMs.max).toBeGreaterThanOrEqual(ownLatenessMs.p99);
  });

  it('stamps frames 20 ms apart and sends those of a stall late but all', async () => {
    const phone = caller(noise(320 * 50, 5), 16_000);
    const { clock, connection, stream, tick } = await open({ phones: [phone] });
    const startMs = clock.now();
    clock.stall(505);
    await tick();
    const frames = audioOf(connection);
    expect(frames).toHaveLength(26);
    frames.forEach((frame, i) => {
      expect(Date.parse(String(frame.json.audioData?.timestamp))).toBe(startMs + i * 20);
    });
    expect(joined(frames.map(samplesOf))).toEqual(phone.said());
    expect(stream.report().ownLatenessMs.max).toBeGreaterThan(495);
  });

  it('flags silence and keeps sending it', async () => {
    const { connection, tick } = await open({
      phones: [new FakePhone('a').willSay(noise(320, 1), undefined)],
    });
    await tick(3);
    expect(audioOf(connection).map(({ json }) => json.audioData?.silent)).toEqual([false, true, true]);
    expect(audioOf(connection).map((frame) => samplesOf(frame).length)).toEqual([320, 320, 320]);
  });

  it('mixes everybody in one frame without a name, clipped', async () => {
    const loud = new Int16Array(320).fill(30_000);
    const phones = [new FakePhone('a').willSay(loud), new FakePhone('b').willSay(loud)];
    const { connection, tick } = await open({ phones });
    await tick();
    const [first] = audioOf(connection);
    expect(first?.json.audioData).not.toHaveProperty('participantRawID');
    expect(first && samplesOf(first)).toEqual(new Int16Array(320).fill(32_767));
  });

  it('sends unmixed audio by speaker, of the four dominant ones, and lets everybody hear each other', async () => {
    const phones = [1, 2, 3, 4, 5, 6].map((n) => new FakePhone(`4:+1425555000${n}`));
    for (const [i, phone] of phones.slice(0, 5).entries())
      phone.willSay(new Int16Array(320).fill(1_000 * (i + 1)));
    const { connection, stream, tick } = await open({ phones, audioChannelType: 'unmixed' });
    await tick();
    const first = audioOf(connection).slice(0, 4);
    expect(first.map(({ json }) => json.audioData?.participantRawID)).toEqual(
      phones.slice(1, 5).map(({ rawId }) => rawId),
    );
    expect(first.map((frame) => samplesOf(frame)[0])).toEqual([2_000, 3_000, 4_000, 5_000]);
    expect(new Set(first.map(({ json }) => json.audioData?.timestamp)).size).toBe(1);
    expect(phones.map(({ heard }) => heard[0]?.samples[0])).toEqual([
      14_000, 13_000, 12_000, 11_000, 10_000, 15_000,
    ]);
    expect(stream.report().framesSent).toBe(4);
  });

  it('sends nothing unmixed while nobody has spoken', async () => {
    const { connection, clock, stream } = await open({
      phones: [new FakePhone('a')],
      audioChannelType: 'unmixed',
    });
    clock.advance(200);
    expect(stream.report().framesSent).toBe(0);
    expect(connection.frames.map(({ kind }) => kind)).toEqual(['AudioMetadata']);
  });

  it('plays audio that comes faster than real time at real time, and drops it on StopAudio', async () => {
    const speech = noise(16_000, 9);
    const phone = new FakePhone('a');
    const { send, stream, tick } = await open({ phones: [phone] });
    await tick();
    await send(audio(speech));
    await tick(10);
    expect(stream.report().playoutQueueMs).toBe(800);
    await send(STOP);
    expect(stream.report()).toMatchObject({
      stopAudioCount: 1,
      samplesFlushedByStop: 12_800,
      playoutQueueMs: 0,
    });
    await tick(2);
    await send(audio(speech.slice(0, 320)));
    await tick();
    const heard = phone.heard.slice(1);
    expect(joined(heard.slice(0, 10).map(({ samples }) => samples))).toEqual(speech.subarray(0, 3_200));
    expect(heard.slice(10).map(({ fromApplication }) => fromApplication)).toEqual([0, 0, 320]);
    expect(heard[12]?.samples).toEqual(speech.subarray(0, 320));
    expect(stream.report().underruns).toBe(0);
  });

  it('counts and ignores what it does not understand, and goes on', async () => {
    const phone = new FakePhone('a');
    const { send, stream, tick } = await open({ phones: [phone] });
    await send(
      Buffer.from([1, 2, 3]),
      '{',
      '{"Kind":"Transcription","Text":"hello"}',
      '{"Kind":"Transcription","Text":"hello"}',
      '{"kind":"AudioData","audioData":{"data":"AQID"}}',
      ' '.repeat(70_000),
      audio(noise(320, 2)),
    );
    expect(stream.report().ignored).toEqual({
      binary: 1,
      notJson: 1,
      unknownKind: 2,
      oddLength: 1,
      oversized: 1,
    });
    await tick();
    expect(phone.heard.at(-1)?.samples).toEqual(noise(320, 2));
  });

  it('plays nothing into a call that is not bidirectional', async () => {
    const phone = new FakePhone('a');
    const { send, stream, tick } = await open({ phones: [phone], enableBidirectional: false });
    await send(audio(noise(320, 2)), STOP);
    await tick();
    expect(phone.heard.every(({ samples }) => samples.every((sample) => sample === 0))).toBe(true);
    expect(stream.report()).toMatchObject({
      audioMessagesReceived: 0,
      stopAudioCount: 0,
      ignored: { notBidirectional: 2 },
    });
  });

  it('sends keys as characters where they are enabled', async () => {
    const { connection, stream } = await open({});
    stream.sendDtmf('5');
    stream.sendDtmf('#');
    await until(() => connection.frames.length === 3, 'two keys arrive');
    expect(connection.frames.slice(1).map(({ json }) => json)).toEqual([
      { kind: 'DtmfData', dtmfData: { data: '5' } },
      { kind: 'DtmfData', dtmfData: { data: '#' } },
    ]);
    expect(() => stream.sendDtmf('55')).toThrow(RangeError);
  });

  it('sends no keys where they are not enabled', async () => {
    const { connection, stream, tick } = await open({ enableDtmfTones: false });
    stream.sendDtmf('5');
    await tick();
    expect(connection.frames.map(({ kind }) => kind)).not.toContain('DtmfData');
  });

  it('drops frames, and counts them, while the application does not read', async () => {
    const media = await server();
    const clock = new StallingClock();
    const stream = createOpenMediaStream({ ticker: new MediaTicker(clock), maxBufferedBytes: 10_000 })(
      { ...OPTIONS, url: media.url, phones: [new FakePhone('a')] },
      new Notes(),
    );
    cleanUps.push(() => stream.stop());
    const connection = await until(() => media.connections[0], 'a media connection');
    await until(() => connection.frames.length > 0, 'the metadata');
    connection.socket.pause();
    // The machine's own buffers take a few megabytes before any frame waits in the process.
    for (let i = 0; i < 50 && stream.report().framesDropped === 0; i++) {
      clock.advance(10_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { framesSent, framesDropped } = stream.report();
    expect(framesDropped).toBeGreaterThan(0);
    expect((framesSent + framesDropped) % 500, 'every frame was sent or counted as dropped').toBe(1);
    connection.socket.resume();
    await until(() => audioOf(connection).length === framesSent, 'the frames that were sent');
    clock.advance(20);
    expect(stream.report().framesSent).toBe(framesSent + 1);
  });

  it('tells when the application closes, and its phones', async () => {
    const phone = new FakePhone('a');
    const { clock, connection, notes, stream } = await open({ phones: [phone] });
    connection.socket.close(4_001);
    await until(() => notes.all.length > 1, 'the listener is told');
    stream.stop();
    expect(notes.all).toEqual(['started', 'closedByPeer 4001']);
    expect(phone.events).toEqual(['started 16000', 'stopped']);
    expect(clock.pending, 'no timer is left').toBe(0);
  });

  it('tells when the connection is cut', async () => {
    const { connection, notes } = await open({});
    connection.socket.terminate();
    await until(() => notes.all.length > 1, 'the listener is told');
    expect(notes.all).toEqual(['started', 'closedByPeer 1006']);
  });

  it('closes with 1000 when it is stopped, as often as one likes, and tells nothing then', async () => {
    const phone = new FakePhone('a');
    const { clock, connection, notes, stream } = await open({ phones: [phone] });
    stream.stop();
    stream.stop();
    stream.sendDtmf('1');
    await until(() => connection.closeCode !== undefined, 'the close frame arrives');
    expect(connection.closeCode).toBe(1_000);
    expect(notes.all).toEqual(['started']);
    expect(phone.events).toEqual(['started 16000', 'stopped']);
    expect(clock.pending).toBe(0);
  });

  it('can be stopped by what a phone hears, in the middle of catching up', async () => {
    const phone = new FakePhone('a');
    const { clock, connection, stream } = await open({ phones: [phone] });
    phone.onHear = () => {
      if (phone.heard.length === 3) stream.stop();
    };
    clock.stall(1_000);
    await until(() => connection.closeCode !== undefined, 'the close frame arrives');
    expect(phone.heard).toHaveLength(3);
    expect(audioOf(connection)).toHaveLength(3);
    expect(phone.events.at(-1)).toBe('stopped');
  });

  it('ends with 1011 when a phone breaks, and harms no other stream', async () => {
    const media = await server();
    const clock = new StallingClock();
    const openOnClock = createOpenMediaStream({ ticker: new MediaTicker(clock) });
    const [notes, otherNotes] = [new Notes(), new Notes()];
    const broken = new FakePhone('a').willSay(new Int16Array(5));
    openOnClock({ ...OPTIONS, url: media.url, phones: [broken] }, notes);
    const other = openOnClock({ ...OPTIONS, url: media.url, phones: [new FakePhone('b')] }, otherNotes);
    cleanUps.push(() => other.stop());
    await until(() => notes.all.length > 0 && otherNotes.all.length > 0, 'both start');
    clock.advance(100);
    await until(() => notes.all.length > 1, 'the listener is told');
    expect(notes.all).toEqual(['started', 'closedByPeer 1011']);
    expect(broken.events.at(-1)).toBe('stopped');
    expect(other.report().framesSent).toBe(6);
  });

  it('goes on where a phone stopped when media is started again', async () => {
    const speech = noise(320 * 6, 11);
    const phone = caller(speech, 16_000);
    const first = await open({ phones: [phone] });
    await first.tick(3);
    first.stream.stop();
    const second = await open({ phones: [phone] });
    await second.tick(3);
    const sent = [...audioOf(first.connection), ...audioOf(second.connection)].map(samplesOf);
    expect(joined(sent)).toEqual(speech);
  });
});
