import { expect, it } from 'vitest';
import { GapMeter } from '../../../../../local/emulators/acs/telephones/metered-phone.ts';

it('is the longest run without audio of the application, not counting what comes before its first and after its last', () => {
  const gaps = new GapMeter();
  for (const fromApplication of [0, 0, 320, 320, 100, 0, 320, 0, 320, 0, 0, 0, 0])
    gaps.add(320, fromApplication);
  expect(gaps.longestSamples).toBe(220 + 320);
  expect(gaps.allSamples).toBe(220 + 320 + 320);
});

it('is nothing while the application has sent nothing, or never paused', () => {
  const gaps = new GapMeter();
  for (const fromApplication of [0, 0, 320, 320, 320]) gaps.add(320, fromApplication);
  expect(gaps.longestSamples).toBe(0);
  expect(gaps.allSamples).toBe(0);
});
