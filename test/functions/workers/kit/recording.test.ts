import { describe, expect, it } from 'vitest';
import { defineWorker } from '../../../../functions/workers/kit/define-worker.ts';
import { handleLaneEvent } from '../../../../functions/workers/kit/lane-event.ts';
import { readWav, resample, WavError, writeWav } from '../../../../functions/workers/kit/recording.ts';
import { convertRate as resampleByLibrary } from '../../../../local/phone/resample.ts';
import hello from '../../../../samples/hello.wav';
import { parseRtp } from '../../../../shared/wire/lane/rtp.ts';
import { CALL_ID, LISTEN, rtp, STARTED, TestLane } from './lane-fixture.ts';

function tone(hz: number, rateHz: number, samples = rateHz): Int16Array {
  return Int16Array.from({ length: samples }, (_, n) =>
    Math.round(20_000 * Math.sin((2 * Math.PI * hz * n) / rateHz)),
  );
}

/** Signal to error in dB, without the ends, where a filter has less to go by. */
function agreement(expected: Int16Array, got: Int16Array): number {
  let signal = 0;
  let error = 0;
  for (let n = 400; n < expected.length - 400; n += 1) {
    signal += (expected[n] ?? 0) ** 2;
    error += ((expected[n] ?? 0) - (got[n] ?? 0)) ** 2;
  }
  return 10 * Math.log10(signal / error);
}

function levelDb(samples: Int16Array): number {
  const middle = samples.subarray(400, -400);
  const power = middle.reduce((sum, sample) => sum + sample * sample, 0) / middle.length;
  return 10 * Math.log10(power / 20_000 ** 2 / 0.5);
}

describe('resample', () => {
  it.each([
    { from: 8_000, to: 16_000, hz: 440 },
    { from: 8_000, to: 24_000, hz: 3_200 },
    { from: 44_100, to: 16_000, hz: 6_300 },
    { from: 22_050, to: 24_000, hz: 9_000 },
    { from: 24_000, to: 16_000, hz: 6_500 },
    { from: 48_000, to: 8_000, hz: 3_000 },
  ])('keeps a tone of $hz Hz from $from to $to Hz, in pitch, level and place', ({ from, to, hz }) => {
    const got = resample(tone(hz, from), from, to);
    expect(got).toHaveLength(to);
    expect(agreement(tone(hz, to), got)).toBeGreaterThan(75);
  });

  it.each([
    { from: 44_100, to: 16_000, hz: 8_200 },
    { from: 24_000, to: 16_000, hz: 9_000 },
    { from: 16_000, to: 8_000, hz: 4_500 },
  ])('lets nothing of $hz Hz through that $to Hz cannot hold', ({ from, to, hz }) => {
    expect(levelDb(resample(tone(hz, from), from, to))).toBeLessThan(-75);
  });

  it('agrees with libsamplerate about speech', () => {
    const { samples, sampleRateHz } = readWav(hello);
    for (const to of [8_000, 24_000])
      expect(
        agreement(resampleByLibrary(samples, sampleRateHz, to), resample(samples, sampleRateHz, to)),
      ).toBeGreaterThan(20);
  });

  it('gives samples back as they are at their own rate, and refuses a rate that is none', () => {
    const samples = tone(440, 8_000);
    expect(resample(samples, 16_000, 16_000)).toBe(samples);
    expect(resample(new Int16Array(0), 8_000, 16_000)).toHaveLength(0);
    expect(() => resample(samples, 8_000, 0)).toThrow(
      'a sample rate is a whole number from 1000 to 192000 Hz',
    );
    expect(() => resample(samples, 7_999.5, 16_000)).toThrow(RangeError);
  });
});

describe('a recording in a worker', () => {
  it('is imported as bytes and read', () => {
    expect(hello).toBeInstanceOf(Uint8Array);
    expect(readWav(hello).sampleRateHz).toBe(16_000);
    expect(readWav(writeWav(tone(440, 8_000), 8_000))).toEqual({
      samples: tone(440, 8_000),
      sampleRateHz: 8_000,
    });
    expect(() => readWav(Uint8Array.of(1, 2))).toThrow(WavError);
  });

  const low = { samples: tone(440, 8_000), sampleRateHz: 8_000 };

  it('is replied at the rate of the call', async () => {
    const lane = new TestLane(defineWorker({ name: 'tone', listen: LISTEN, onAudio: () => low }));
    await lane.event(STARTED);
    const { message } = await lane.audio();
    expect(parseRtp(message?.body as Uint8Array).payload).toEqual(
      new Uint8Array(resample(low.samples, 8_000, 16_000).buffer),
    );
  });

  it('is played at the rate of the call', async () => {
    const published: unknown[] = [];
    const worker = defineWorker({ name: 'tone', listen: LISTEN, onAudio: (_chunk, call) => call.play(low) });
    const publish = async (_: string, message: object): Promise<void> => void published.push(message);
    await handleLaneEvent(
      worker,
      {
        callId: CALL_ID,
        contentType: 'application/octet-stream',
        body: rtp({ payloadType: 97 }),
        connectionState: undefined,
      },
      { publish },
    );
    const bytes = published.map((packet) => Buffer.from(parseRtp(packet as Uint8Array).payload));
    expect(Buffer.concat(bytes)).toEqual(Buffer.from(resample(low.samples, 8_000, 24_000).buffer));
  });

  it('loses its event with a reason where its rate is none', async () => {
    const lane = new TestLane(
      defineWorker({ name: 'tone', listen: LISTEN, onAudio: () => ({ ...low, sampleRateHz: 12 }) }),
    );
    await lane.event(STARTED);
    const { outcome, error } = await lane.audio();
    expect(outcome).toBe('failed');
    expect(String(error)).toContain('a sample rate is a whole number from 1000 to 192000 Hz, not 12');
  });
});
