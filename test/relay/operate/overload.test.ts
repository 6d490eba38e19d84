import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Overload } from '../../../relay/operate/overload.ts';

const CALM_WINDOWS = 3;
const OVER_WINDOWS = 2;
const LIMIT_MS = 40;

function isOverloadedAfter(...delays: readonly number[]): boolean {
  const overload = new Overload(LIMIT_MS);
  for (const delay of delays) overload.add(delay);
  return overload.isOverloaded;
}

const over = Array<number>(OVER_WINDOWS).fill(LIMIT_MS + 1);
const calm = Array<number>(CALM_WINDOWS).fill(LIMIT_MS);

describe('A process by the delay of its event loop', () => {
  it('is not overloaded before it has been late for several windows in a row', () => {
    expect(isOverloadedAfter()).toBe(false);
    expect(isOverloadedAfter(...over.slice(1))).toBe(false);
    expect(isOverloadedAfter(...over.slice(1), 0, ...over.slice(1))).toBe(false);
    expect(isOverloadedAfter(...over)).toBe(true);
  });

  it('is overloaded until it has been in time for several windows in a row', () => {
    expect(isOverloadedAfter(...over, ...calm.slice(1))).toBe(true);
    expect(isOverloadedAfter(...over, ...calm.slice(1), LIMIT_MS + 1, ...calm.slice(1))).toBe(true);
    expect(isOverloadedAfter(...over, ...calm)).toBe(false);
  });

  it('takes as many late windows to become overloaded again', () => {
    expect(isOverloadedAfter(...over, ...calm, ...over.slice(1))).toBe(false);
    expect(isOverloadedAfter(...over, ...calm, ...over)).toBe(true);
  });

  it('is never overloaded while no window is beyond the limit', () => {
    return fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: LIMIT_MS, noNaN: true })), (delays) => {
        expect(isOverloadedAfter(...delays)).toBe(false);
      }),
    );
  });
});
