import { afterEach, describe, expect, it } from 'vitest';
import type { Call } from '../../../../local/emulators/acs/call/call.ts';
import { openMediaStream } from '../../../../local/emulators/acs/media/media-stream.ts';
import type { Phone } from '../../../../local/phone/phone.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { until } from '../../../support/until.ts';
import { startAcsFixture } from './acs-fixture.ts';
import { MEDIA } from './answered-call.ts';
import { FakeMedia } from './fake-media.ts';
import { FakePhone } from './media/fake-phone.ts';
import { startMediaServer } from './media/media-server.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const FRAME_MS = 20;

interface Timed {
  readonly call: Call;
  readonly clock: ManualClock;
  readonly phone: FakePhone;
  /** How many frames of 20 ms the telephone has lived through. */
  frames(): number;
}

/** A call that the application has answered, on a clock of the test; it is connected 10 ms from now. */
async function answeredCall(mediaStreamingOptions?: typeof MEDIA, media = new FakeMedia()): Promise<Timed> {
  const clock = new ManualClock(Date.now());
  const f = await startAcsFixture({ clock, openMediaStream: media.open });
  closers.push(f.close);
  const phone = new FakePhone('4:+14255550123');
  const { call, incomingCallContext } = await f.ring({ phone: (): Phone => phone });
  await f.client.answerCall(incomingCallContext, f.callbackUrl, {
    ...(mediaStreamingOptions && { mediaStreamingOptions }),
  });
  return { call, clock, phone, frames: () => phone.heard.length };
}

/** Media sockets that stay as they are until the test says more. */
function silentMedia(): FakeMedia {
  const media = new FakeMedia();
  media.onOpen = () => {};
  return media;
}

describe('the time of a telephone', () => {
  it('runs from the connection to the end of the call where nothing is streamed', async () => {
    const { call, clock, frames } = await answeredCall();
    expect(frames(), 'the call is not connected yet').toBe(0);
    clock.advance(10);
    clock.advance(1_000);
    expect(frames()).toBeGreaterThanOrEqual(1_000 / FRAME_MS);
    call.hangUpByCaller();
    const before = frames();
    clock.advance(1_000);
    expect(frames()).toBe(before);
  });

  it('waits for a stream that begins with the call, so that the stream carries its first words', async () => {
    const media = silentMedia();
    const { clock, frames } = await answeredCall(MEDIA, media);
    clock.advance(1);
    await until(() => media.streams[0], 'the media socket');
    clock.advance(1_000);
    expect(frames(), 'the socket is being dialled').toBe(0);
    media.streams[0]?.listener.started();
    clock.advance(100);
    expect(frames(), 'a stream that drives no telephone does not keep it waiting').toBeGreaterThan(0);
  });

  it('runs from the moment at which the stream fails', async () => {
    const media = silentMedia();
    const { clock, frames } = await answeredCall(MEDIA, media);
    clock.advance(10);
    const stream = await until(() => media.streams[0], 'the media socket');
    stream.listener.failed('notAccepted', 'nobody is there');
    clock.advance(200);
    expect(frames()).toBeGreaterThanOrEqual(200 / FRAME_MS);
  });

  it('waits for no stream that the application starts later', async () => {
    const { clock, frames } = await answeredCall(
      { ...MEDIA, startMediaStreaming: false } as unknown as typeof MEDIA,
      silentMedia(),
    );
    clock.advance(10);
    clock.advance(200);
    expect(frames()).toBeGreaterThanOrEqual(200 / FRAME_MS);
  });

  it('goes on between two streams', async () => {
    const server = await startMediaServer();
    closers.push(() => server.close());
    const f = await startAcsFixture({ openMediaStream });
    closers.push(f.close);
    const phone = new FakePhone('4:+14255550123');
    const { incomingCallContext } = await f.ring({ phone: (): Phone => phone });
    const { callConnection } = await f.client.answerCall(incomingCallContext, f.callbackUrl, {
      mediaStreamingOptions: { ...MEDIA, transportUrl: server.url },
    });
    await f.callback('MediaStreamingStarted');
    await callConnection.getCallMedia().stopMediaStreaming();
    await f.callback('MediaStreamingStopped');
    const before = phone.heard.length;
    await until(() => phone.heard.length > before + 5, 'more frames');
    await callConnection.getCallMedia().startMediaStreaming();
    await until(
      () => f.callbacks().filter(({ type }) => type.endsWith('.MediaStreamingStarted')).length === 2,
      'the second stream',
    );
    const steps = phone.events.filter((event) => /^(started|stopped)/.test(event));
    expect(steps, 'one clock at a time').toEqual([
      'started 24000',
      'stopped',
      'started 24000',
      'stopped',
      'started 24000',
    ]);
  });
});
