import { describe, expect, it } from 'vitest';
import { createOpenMediaStream } from '../../../../../local/emulators/acs/media/media-stream.ts';
import { MediaTicker } from '../../../../../local/emulators/acs/media/media-ticker.ts';
import { LOST_AFTER_MS } from '../../../../../local/phone/live-phone.ts';
import { convertRate } from '../../../../../local/phone/resample.ts';
import { closedAfterEach } from '../../../../support/closed-after-each.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';
import { noise } from '../../../../support/signals.ts';
import { until } from '../../../../support/until.ts';
import { type AcsFixture, CALLED, CALLER, startAcsFixture } from '../acs-fixture.ts';
import { type MediaServer, samplesOf, startMediaServer } from '../media/media-server.ts';
import { answerCallFrom, type LivePage, openPage } from './live-page.ts';

const LIVE_NUMBER = '+14255550177';
const OTHER_CALLER = '+14255550124';

interface LiveFixture extends AcsFixture {
  /** An application that echoes. */
  readonly application: MediaServer;
  /** Of all media: nobody speaks or hears before it is told to go on. */
  readonly frames: ManualClock;
}

const fixture = closedAfterEach(async (): Promise<LiveFixture> => {
  const frames = new ManualClock();
  const ticker = new MediaTicker(frames);
  const application = await startMediaServer({ echo: true });
  const f = await startAcsFixture({
    ticker,
    openMediaStream: createOpenMediaStream({ ticker, handshakeTimeoutMs: 30_000, warn: () => {} }),
  });
  return {
    ...f,
    application,
    frames,
    close: async () => {
      await f.close();
      await application.close();
    },
  };
});

/** Noise without a zero, so that every silence is one that somebody has put in. */
function loudNoise(length: number, seed: number): Int16Array {
  return noise(length, seed).map((sample) => (sample >> 1 === 0 ? 1 : sample >> 1));
}

/** A page that is on a call with the application. */
async function connectedPage(f: LiveFixture, from: string, rateHz: number): Promise<LivePage> {
  const page = await openPage(f, rateHz);
  page.tell({ type: 'call', to: CALLED, from });
  await page.first('ringing');
  await answerCallFrom(f, from, `${f.application.url}/${from}`);
  expect(await page.first('media')).toEqual({ type: 'media', rateHz: 16_000 });
  return page;
}

/** Lets each page say its signal in real order: a frame of each arrives, and then 20 ms pass for all. */
async function talk(
  f: LiveFixture,
  speakers: readonly { readonly page: LivePage; readonly signal: Int16Array; readonly rateHz: number }[],
  frames: number,
): Promise<void> {
  for (let at = 0; at < frames; at += 1) {
    for (const { page, signal, rateHz } of speakers) {
      const length = rateHz / 50;
      page.say(signal.slice(at * length, (at + 1) * length));
      await page.settled();
    }
    f.frames.advance(20);
    for (const { page } of speakers)
      await until(() => page.heard.length > at, `frame ${at} of what the page hears`);
  }
}

/** All frames but those that are silence throughout. */
function sound(frames: readonly Int16Array[]): number[] {
  return frames.filter((frame) => frame.some((sample) => sample !== 0)).flatMap((frame) => [...frame]);
}

/** What the application was sent of this call. */
function received(f: LiveFixture, from: string): Int16Array[] {
  const connection = f.application.connections.find(({ url }) => url.endsWith(from));
  return (connection?.frames ?? []).filter(({ kind }) => kind === 'AudioData').map(samplesOf);
}

/** Where the samples are not those that `wanted` begins with; -1 if they are. */
function firstDifference(samples: ArrayLike<number>, wanted: ArrayLike<number>): number {
  for (let i = 0; i < samples.length; i += 1) if (samples[i] !== wanted[i]) return i;
  return -1;
}

function correlation(a: Int16Array, b: Int16Array): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i += 1) {
    const [x, y] = [a[i] ?? 0, b[i] ?? 0];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / Math.sqrt(aa * bb);
}

/** How well the two agree in the worst window of 200 ms, with one lag for all of them. */
function worstWindow(got: Int16Array, wanted: Int16Array, rateHz: number): number {
  const window = rateHz / 5;
  const probe = got.subarray(window, 2 * window);
  const at = (lag: number): number => correlation(probe, wanted.subarray(window - lag, 2 * window - lag));
  let best = 0;
  for (let lag = 0; lag <= window / 2; lag += 1) if (at(lag) > at(best)) best = lag;
  let worst = 1;
  for (let from = window; from + window <= got.length; from += window)
    worst = Math.min(
      worst,
      correlation(got.subarray(from, from + window), wanted.subarray(from - best, from - best + window)),
    );
  return worst;
}

describe('a call of a live telephone', () => {
  it('at its own rate carries every sample both ways, and none of another live telephone', async () => {
    const f = await fixture();
    const speakers = [
      { page: await connectedPage(f, CALLER, 16_000), signal: loudNoise(60 * 320, 1), rateHz: 16_000 },
      { page: await connectedPage(f, OTHER_CALLER, 16_000), signal: loudNoise(60 * 320, 2), rateHz: 16_000 },
    ];
    await talk(f, speakers, 60);
    for (const [index, from] of [CALLER, OTHER_CALLER].entries()) {
      const { page, signal } = speakers[index] ?? expect.unreachable();
      const up = sound(received(f, from));
      expect(up.length, 'samples of the application').toBeGreaterThanOrEqual(55 * 320);
      expect(firstDifference(up, signal)).toBe(-1);
      const down = sound(page.heard);
      expect(down.length, 'samples that the page hears').toBeGreaterThanOrEqual(40 * 320);
      expect(firstDifference(down, signal)).toBe(-1);
      expect(await page.settled()).toMatchObject({ late: 0, dropped: 0, leftOut: 0, ignored: 0, unread: 0 });
      const { callId } = await page.first('answered');
      const recorded = async (direction: string): Promise<Int16Array> =>
        new Int16Array(await (await f.control('GET', `calls/${callId}/${direction}`)).arrayBuffer());
      const heard = page.heard.flatMap((frame) => [...frame]);
      expect(firstDifference(await recorded('heard'), heard), 'the recording').toBe(-1);
      const said = (await recorded('said')).filter((sample) => sample !== 0);
      expect(said.length).toBeGreaterThanOrEqual(up.length);
      expect(firstDifference(said, signal)).toBe(-1);
    }
  });

  it.each([44_100, 48_000])(
    'of %i Hz is heard as it was said, without loss or repetition',
    async (rateHz) => {
      const f = await fixture();
      const page = await connectedPage(f, CALLER, rateHz);
      const frames = 60;
      const signal = loudNoise((frames * rateHz) / 50, 5);
      await talk(f, [{ page, signal, rateHz }], frames);
      const wanted = convertRate(signal, rateHz, 16_000);
      const up = Int16Array.from(sound(received(f, CALLER)));
      expect(up.length).toBeGreaterThanOrEqual(55 * 320);
      expect(worstWindow(up, wanted, 16_000), 'the way up').toBeGreaterThanOrEqual(0.98);
      expect(new Set(page.heard.map((frame) => frame.length)), 'frames of its own rate').toEqual(
        new Set([rateHz / 50]),
      );
      const down = Int16Array.from(sound(page.heard));
      expect(down.length).toBeGreaterThanOrEqual((40 * rateHz) / 50);
      expect(
        worstWindow(down, convertRate(wanted, 16_000, rateHz), rateHz),
        'the way up and down',
      ).toBeGreaterThanOrEqual(0.98);
      expect(await page.settled()).toMatchObject({ late: 0, dropped: 0 });
    },
  );

  it('ends for the page when either side hangs up, and says who did', async () => {
    const f = await fixture();
    const page = await connectedPage(f, CALLER, 16_000);
    page.tell({ type: 'hangUp' });
    expect(await page.first('ended')).toEqual({ type: 'ended', by: 'you', outcome: 'hungUpByCaller' });
    await f.callback('CallDisconnected');
    const other = await openPage(f, 48_000);
    other.tell({ type: 'call', to: CALLED, from: OTHER_CALLER });
    const connection = await answerCallFrom(f, OTHER_CALLER);
    await connection.hangUp(true);
    expect(await other.first('ended')).toEqual({
      type: 'ended',
      by: 'application',
      outcome: 'hungUpByApplication',
    });
  });

  it('carries keys both ways, and refuses those that nobody takes', async () => {
    const f = await fixture();
    const page = await openPage(f, 16_000);
    page.tell({ type: 'call', to: CALLED, from: CALLER });
    page.tell({ type: 'key', key: '1' });
    expect(await page.first('refused')).toMatchObject({ reason: 'keyNotTaken' });
    const connection = await answerCallFrom(f, CALLER, `${f.application.url}/${CALLER}`);
    await page.first('media');
    page.tell({ type: 'key', key: '5' });
    await page.settled();
    const { frames = [] } = f.application.connections[0] ?? {};
    await until(() => frames.find(({ kind }) => kind === 'DtmfData'), 'the key');
    await connection.getCallMedia().sendDtmfTones(['seven' as never], { phoneNumber: CALLER });
    const key = await until(async () => {
      f.frames.advance(20);
      return page.all('key')[0];
    }, 'the key of the application');
    expect(key).toEqual({ type: 'key', key: '7' });
  });

  it('waits for a socket that was lost, and goes on at the next', async () => {
    const f = await fixture();
    const page = await connectedPage(f, CALLER, 16_000);
    const { token, callId } = await page.first('answered');
    page.cut();
    const next = await openPage(f, 48_000, { resume: token, number: LIVE_NUMBER });
    expect(await next.first('answered')).toMatchObject({ token, callId });
    expect(await next.first('media')).toEqual({ type: 'media', rateHz: 16_000 });
    f.frames.advance(20);
    await until(() => next.heard[0], 'a frame of the call');
    expect(next.heard[0]).toHaveLength(960);
    // Another socket takes it over although this one is open: its page does not know yet that it is dead.
    const third = await openPage(f, 16_000, { resume: token, number: LIVE_NUMBER });
    await third.first('answered');
    await third.settled();
    expect(third.all('refused'), 'the number comes along').toEqual([]);
    expect(await next.closed()).toBe(1008);
    third.tell({ type: 'hangUp' });
    expect(await third.first('ended')).toMatchObject({ by: 'you' });
    const fourth = await openPage(f, 16_000, { resume: token });
    expect(await fourth.first('refused')).toMatchObject({ reason: 'unknownToken' });
  });
});

describe('a call whose live telephone stays lost', () => {
  const manual = closedAfterEach(async () => {
    const clock = new ManualClock();
    return { ...(await startAcsFixture({ clock })), clock };
  });

  it('is hung up after 5 s, and cannot be resumed', async () => {
    const f = await manual();
    const page = await openPage(f, 16_000);
    page.tell({ type: 'call', to: CALLED, from: CALLER });
    const { token, callId } = await page.first('ringing');
    page.cut();
    const phones = async () =>
      ((await (await f.control('GET', 'phones')).json()) as { phones: object[] }).phones;
    await until(async () => (await phones()).length === 0, 'the end of the socket at the emulator');
    const outcome = async () =>
      ((await (await f.control('GET', `calls/${callId}`)).json()) as { outcome?: string }).outcome;
    f.clock.advance(LOST_AFTER_MS - 1);
    expect(await outcome()).toBeUndefined();
    f.clock.advance(1);
    expect(await outcome()).toBe('abandonedByCaller');
    const next = await openPage(f, 16_000, { resume: token });
    expect(await next.first('refused')).toMatchObject({ reason: 'phoneLost' });
  });
});
