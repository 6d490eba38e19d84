import { describe, expect, it } from 'vitest';
import { dbfs, isSilentLevel, rms } from '../../../local/phone/level.ts';

const SILENT_BELOW_DBFS = -50;
const FLOOR_DBFS = -96;

describe('the level of audio', () => {
  it('is the root mean square', () => {
    expect(rms(new Int16Array())).toBe(0);
    expect(rms(new Int16Array(320))).toBe(0);
    expect(rms(Int16Array.of(3, -4, 3, -4))).toBeCloseTo(Math.sqrt(12.5));
    expect(rms(new Int16Array(320).fill(-32_768))).toBe(32_768);
  });

  it('is 0 dBFS at full scale and never below the floor', () => {
    expect(dbfs(32_768)).toBe(0);
    expect(dbfs(16_384)).toBeCloseTo(-6.02, 2);
    expect(dbfs(0)).toBe(FLOOR_DBFS);
    expect(dbfs(0.01)).toBe(FLOOR_DBFS);
  });

  it('is silent below the threshold only', () => {
    const threshold = 32_768 * 10 ** (SILENT_BELOW_DBFS / 20);
    expect(isSilentLevel(0)).toBe(true);
    expect(isSilentLevel(threshold - 0.1)).toBe(true);
    expect(isSilentLevel(threshold + 0.1)).toBe(false);
  });
});
