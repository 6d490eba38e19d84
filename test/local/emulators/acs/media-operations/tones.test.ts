import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dtmfSound } from '../../../../../local/emulators/acs/media-operations/send-dtmf-operation.ts';
import {
  ALL_TONES,
  keyOfTone,
  toneOfKey,
} from '../../../../../local/emulators/acs/media-operations/tones.ts';

const PAUSE_MS = 60;
const TONE_MS = 100;

/** Energy of one frequency in samples (Goertzel). */
function energyAt(samples: Int16Array, hz: number, sampleRateHz: number): number {
  const factor = 2 * Math.cos((2 * Math.PI * hz) / sampleRateHz);
  let last = 0;
  let beforeLast = 0;
  for (const sample of samples) {
    const next = sample + factor * last - beforeLast;
    beforeLast = last;
    last = next;
  }
  return last ** 2 + beforeLast ** 2 - factor * last * beforeLast;
}

describe('the names of tones', () => {
  it('go there and back for every key', () => {
    expect(ALL_TONES).toHaveLength(16);
    expect(ALL_TONES.map((tone) => toneOfKey(keyOfTone(tone)))).toEqual(ALL_TONES);
    expect(toneOfKey('#')).toBe('pound');
    expect(toneOfKey('*')).toBe('asterisk');
    expect(toneOfKey('d')).toBe('d');
  });

  it('are none for anything else', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !/^[0-9a-d*#]$/i.test(text)),
        (text) => {
          expect(toneOfKey(text)).toBeUndefined();
        },
      ),
    );
  });
});

describe('the sound of keys', () => {
  it.each([
    ['one', 697, 1209],
    ['zero', 941, 1336],
    ['pound', 941, 1477],
    ['d', 941, 1633],
  ] as const)('of %s is %i Hz and %i Hz', (tone, row, column) => {
    const samples = dtmfSound([tone], 16_000).subarray(0, (16_000 * TONE_MS) / 1000);
    const others = [697, 770, 852, 941, 1209, 1336, 1477, 1633].filter((hz) => hz !== row && hz !== column);
    const loudestOther = Math.max(...others.map((hz) => energyAt(samples, hz, 16_000)));
    expect(energyAt(samples, row, 16_000)).toBeGreaterThan(20 * loudestOther);
    expect(energyAt(samples, column, 16_000)).toBeGreaterThan(20 * loudestOther);
  });

  it('takes the same time for every key', () => {
    const sound = dtmfSound(['one', 'two', 'three'], 24_000);
    expect((sound.length / 24_000) * 1_000).toBe(3 * (TONE_MS + PAUSE_MS));
  });
});
