import { describe, expect, it } from 'vitest';
import {
  createOpenMediaStream,
  openMediaStream,
} from '../../../../../local/emulators/acs/media/media-stream.ts';
import { MediaTicker } from '../../../../../local/emulators/acs/media/media-ticker.ts';
import { IGNORED, MAX_OUTBOUND_BYTES } from '../../../../../local/emulators/acs/media/outbound-codec.ts';
import { noise } from '../../../../support/signals.ts';
import { StallingClock } from '../../../../support/stalling-clock.ts';
import { until } from '../../../../support/until.ts';
import { watchPhone } from '../../../../support/watched-phone.ts';
import { FakePhone } from './fake-phone.ts';
import { samplesOf } from './media-server.ts';

import {
  audio,
  audioOf,
  caller,
  cleanUps,
  joined,
  Notes,
  OPTIONS,
  STOP,
  serverFixture,
  streamFixture,
} from './media-stream-fixture.ts';

const MAX_PLAYOUT_MS = 10 * 60_000;

describe('a media stream', () => {
  it.each([
    ['pcm16KMono', 16_000, 320],
    ['pcm24KMono', 24_000, 480],
  ] as const)(
    'carries every sample of %s to the application and back, once and in order',
    async (audioFormat, rate, frame) => {
      const speech = noise(frame * 12 + 100, 7);
      const phone = caller(speech, rate);
      const watch = watchPhone(phone);
      const media = await serverFixture({ echo: true });
      const { connection, stream, tick } = await streamFixture({ audioFormat, phones: [phone] }, media);
      for (let i = 1; i <= 16; i++) {
        await tick();
        await until(() => stream.report().audioMessagesReceived === i, 'the echo arrives');
      }
      const sent = joined(audioOf(connection).map(samplesOf));
      expect(sent.subarray(0, speech.length), 'speech begins with the first frame').toEqual(speech);
      expect(sent).toEqual(phone.said());
      const heard = watch.heardFromApplication();
      expect(heard.length).toBe(frame * 15);
      expect(heard.subarray(0, speech.length)).toEqual(speech);
      expect(watch.fromApplication[0], 'nothing can be heard before the first echo').toBe(0);
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
    const watch = watchPhone(phone);
    const media = await serverFixture({ echo: true });
    const notes = new Notes();
    const stream = openMediaStream({ ...OPTIONS, url: media.url, phones: [phone] }, notes);
    cleanUps.push(() => stream.stop());
    await until(() => watch.heardFromApplication().length >= speech.length, 'the echo of everything');
    expect(watch.heardFromApplication().subarray(0, speech.length)).toEqual(speech);
    const { ownLatenessMs } = stream.report();
    expect(ownLatenessMs.p99).toBeGreaterThan(0);
    expect(ownLatenessMs.max).toBeGreaterThanOrEqual(ownLatenessMs.p99);
  });

  it('stamps frames 20 ms apart and sends those of a stall late but all', async () => {
    const phone = caller(noise(320 * 50, 5), 16_000);
    const { clock, connection, stream, tick } = await streamFixture({ phones: [phone] });
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
    const { connection, tick } = await streamFixture({
      phones: [new FakePhone('a').willSay(noise(320, 1), undefined)],
    });
    await tick(3);
    expect(audioOf(connection).map(({ json }) => json.audioData?.silent)).toEqual([false, true, true]);
    expect(audioOf(connection).map((frame) => samplesOf(frame).length)).toEqual([320, 320, 320]);
  });

  it('mixes everybody in one frame without a name, clipped', async () => {
    const loud = new Int16Array(320).fill(30_000);
    const phones = [new FakePhone('a').willSay(loud), new FakePhone('b').willSay(loud)];
    const { connection, tick } = await streamFixture({ phones });
    await tick();
    const [first] = audioOf(connection);
    expect(first?.json.audioData).not.toHaveProperty('participantRawID');
    expect(first && samplesOf(first)).toEqual(new Int16Array(320).fill(32_767));
  });

  it('sends unmixed audio by speaker, of the four dominant ones, and lets everybody hear each other', async () => {
    const phones = [1, 2, 3, 4, 5, 6].map((n) => new FakePhone(`4:+1425555000${n}`));
    for (const [i, phone] of phones.slice(0, 5).entries())
      phone.willSay(new Int16Array(320).fill(1_000 * (i + 1)));
    const { connection, stream, tick } = await streamFixture({ phones, audioChannelType: 'unmixed' });
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
    const { connection, clock, stream } = await streamFixture({
      phones: [new FakePhone('a')],
      audioChannelType: 'unmixed',
    });
    clock.advance(200);
    expect(stream.report().framesSent).toBe(0);
    // Whatever had been sent would come before it.
    stream.sendDtmf('1');
    await until(() => connection.frames.some(({ kind }) => kind === 'DtmfData'), 'the key arrives');
    expect(connection.frames.map(({ kind }) => kind)).toEqual(['AudioMetadata', 'DtmfData']);
  });

  it('plays audio that comes faster than real time at real time, and drops it on StopAudio', async () => {
    const speech = noise(16_000, 9);
    const phone = new FakePhone('a');
    const { send, stream, tick } = await streamFixture({ phones: [phone] });
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
    const { send, stream, tick } = await streamFixture({ phones: [phone] });
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
    const { send, stream, tick } = await streamFixture({ phones: [phone], enableBidirectional: false });
    await send(audio(noise(320, 2)), STOP);
    await tick();
    expect(phone.heard.every(({ samples }) => samples.every((sample) => sample === 0))).toBe(true);
    expect(stream.report()).toMatchObject({
      audioMessagesReceived: 0,
      stopAudioCount: 0,
      ignored: { notBidirectional: 2 },
    });
  });

  it('says why an application is not heard, once for each reason and stream', async () => {
    const headers = { 'x-ms-call-connection-id': 'connection-1' };
    const { send, warnings } = await streamFixture({ headers });
    const messages: Record<keyof typeof IGNORED, string | Buffer> = {
      binary: Buffer.from([1, 2, 3]),
      oversized: `"${' '.repeat(MAX_OUTBOUND_BYTES - 1)}"`,
      notJson: '{',
      notAnObject: '[]',
      noKind: '{"audioData":{"data":"AAAA"}}',
      unknownKind: '{"kind":"Audio"}',
      noAudio: '{"kind":"AudioData","audioData":{}}',
      notBase64: '{"kind":"AudioData","audioData":{"data":"AA_="}}',
      oddLength: '{"kind":"AudioData","audioData":{"data":"AQID"}}',
      notBidirectional: audio(noise(320, 2)),
    };
    const { notBidirectional, ...others } = messages;
    await send(notBidirectional);
    expect(warnings, 'of what is heard').toEqual([]);
    await send(...Object.values(others), ...Object.values(others));
    expect(warnings).toEqual(
      Object.keys(others).map(
        (reason) =>
          `media stream ${OPTIONS.subscriptionId} of connection-1: the application is not heard: ` +
          `${reason}, ${IGNORED[reason as keyof typeof IGNORED]}`,
      ),
    );
    const listener = await streamFixture({ headers, enableBidirectional: false });
    await listener.send(notBidirectional, notBidirectional);
    expect(listener.warnings).toEqual([
      expect.stringMatching(/not heard: notBidirectional, .*enableBidirectional/),
    ]);
  });

  it('says that an application sends more than can wait, once', async () => {
    const { stream, send, warnings } = await streamFixture({});
    const second = audio(new Int16Array(16_000));
    const seconds = MAX_PLAYOUT_MS / 1_000;
    for (let sent = 0; sent < seconds; sent += 100) await send(...Array.from({ length: 100 }, () => second));
    expect(warnings).toEqual([]);
    await send(second, second);
    expect(warnings).toEqual([expect.stringContaining('overflowed, 10 minutes')]);
    expect(stream.report().samplesOverflowed).toBeGreaterThan(16_000);
  });

  it('sends keys as characters where they are enabled', async () => {
    const { connection, stream } = await streamFixture({});
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
    const { connection, stream, tick } = await streamFixture({ enableDtmfTones: false });
    stream.sendDtmf('5');
    await tick();
    expect(connection.frames.map(({ kind }) => kind)).not.toContain('DtmfData');
  });

  it('drops frames, and counts them, while the application does not read', async () => {
    const media = await serverFixture();
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
});
