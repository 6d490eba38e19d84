import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AudioFrameWriter } from '../../../../../local/emulators/acs/media/audio-frame-writer.ts';
import { timestamp } from '../../../../../local/emulators/acs/media/inbound-codec.ts';
import { isSilentLevel, rms } from '../../../../../local/phone/level.ts';

const frameSamples = fc.constantFrom(320, 480);
const loudness = fc.constantFrom(1, 50, 32_767);
const times = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31, 23, 59, 59, 999) });
const participant = fc.option(fc.constantFrom('4:+14255550123', '8:acs:a_b', 'quote " and \\ ä'), {
  nil: undefined,
});

/** The frame as JSON.stringify writes it, a member at a time. */
function audioDataJson(
  samples: Int16Array,
  timestampMs: number,
  participantRawID: string | undefined,
): string {
  return JSON.stringify({
    kind: 'AudioData',
    audioData: {
      timestamp: new Date(timestampMs).toISOString(),
      participantRawID,
      data: Buffer.from(samples.buffer).toString('base64'),
      silent: isSilentLevel(rms(samples)),
    },
  });
}

describe('the writer of audio frames', () => {
  it('writes the JSON of each frame, whatever it wrote before', () => {
    const step = fc.record({ participant, time: times, loud: loudness, seed: fc.integer() });
    fc.assert(
      fc.property(frameSamples, fc.array(step, { minLength: 1, maxLength: 12 }), (length, steps) => {
        const writer = new AudioFrameWriter({ sampleRateHz: length * 50, frameSamples: length });
        for (const { participant: name, time, loud, seed } of steps) {
          const samples = Int16Array.from(
            { length },
            (_, i) => ((seed + i * 7_919) % 2_000) * (loud / 2_000),
          );
          expect(writer.write(samples, time, name).toString('utf8')).toBe(audioDataJson(samples, time, name));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('refuses what is no whole frame', () => {
    const writer = new AudioFrameWriter({ sampleRateHz: 16_000, frameSamples: 320 });
    expect(() => writer.write(new Int16Array(319), 0, undefined)).toThrow('a frame has 320 samples, not 319');
  });
});

describe('the timestamp of a frame', () => {
  it('is what Date writes, for times in any order, and drops fractions of a millisecond', () => {
    fc.assert(
      fc.property(
        fc.array(times, { maxLength: 20 }),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        (all, part) => {
          for (const time of all) {
            expect(timestamp(time)).toBe(new Date(time).toISOString());
            const near = Math.min(time, 2 ** 42);
            expect(timestamp(near + part)).toBe(new Date(near).toISOString());
          }
        },
      ),
    );
  });
});
