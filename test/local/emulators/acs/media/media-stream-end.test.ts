import { describe, expect, it } from 'vitest';
import { createOpenMediaStream } from '../../../../../local/emulators/acs/media/media-stream.ts';
import { MediaTicker } from '../../../../../local/emulators/acs/media/media-ticker.ts';
import { noise } from '../../../../support/signals.ts';
import { StallingClock } from '../../../../support/stalling-clock.ts';
import { until } from '../../../../support/until.ts';
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
  serverFixture,
  streamFixture,
} from './media-stream-fixture.ts';

describe('the end of a media stream', () => {
  it('tells when the application closes, and its phones', async () => {
    const phone = new FakePhone('a');
    const { clock, connection, notes, stream } = await streamFixture({ phones: [phone] });
    connection.socket.close(4_001);
    await until(() => notes.all.length > 1, 'the listener is told');
    stream.stop();
    expect(notes.all).toEqual(['started', 'closedByPeer 4001']);
    expect(phone.events).toEqual(['started 16000', 'stopped']);
    expect(clock.pending, 'no timer is left').toBe(0);
  });

  it('tells when the connection is cut', async () => {
    const { connection, notes } = await streamFixture({});
    connection.socket.terminate();
    await until(() => notes.all.length > 1, 'the listener is told');
    expect(notes.all).toEqual(['started', 'closedByPeer 1006']);
  });

  it('closes with 1000 when it is stopped, as often as one likes, and tells nothing then', async () => {
    const phone = new FakePhone('a');
    const { clock, connection, notes, stream } = await streamFixture({ phones: [phone] });
    stream.stop();
    stream.stop();
    stream.sendDtmf('1');
    await until(() => connection.closeCode !== undefined, 'the close frame arrives');
    expect(connection.closeCode).toBe(1_000);
    expect(notes.all).toEqual(['started']);
    expect(phone.events).toEqual(['started 16000', 'stopped']);
    expect(clock.pending).toBe(0);
  });

  it('counts what was under way when it was stopped, until the other side has closed', async () => {
    const { connection, stream } = await streamFixture({});
    connection.socket.send(audio(Int16Array.of(1, 2, 3)));
    await until(() => stream.report().samplesReceived === 3, 'the audio before the end');
    stream.stop();
    connection.socket.send(audio(Int16Array.of(4, 5)));
    await stream.closed;
    expect(stream.report()).toMatchObject({ samplesReceived: 3, samplesTooLate: 2 });
  });

  it('can be stopped by what a phone hears, in the middle of catching up', async () => {
    const phone = new FakePhone('a');
    const { clock, connection, stream } = await streamFixture({ phones: [phone] });
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
    const media = await serverFixture();
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
    const first = await streamFixture({ phones: [phone] });
    await first.tick(3);
    first.stream.stop();
    const second = await streamFixture({ phones: [phone] });
    await second.tick(3);
    const sent = [...audioOf(first.connection), ...audioOf(second.connection)].map(samplesOf);
    expect(joined(sent)).toEqual(speech);
  });
});
