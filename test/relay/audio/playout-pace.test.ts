import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sendableInMs, sendableMs } from '../../../relay/audio/playout-pace.ts';

const PACED_PIECE_MS = 80;

const level = fc.record({
  heldMs: fc.integer({ min: 0, max: 5_000 }),
  queuedMs: fc.double({ min: 0, max: 1_000, noNaN: true }),
  leadMs: fc.integer({ min: 160, max: 1_000 }),
});

describe('the pace of playout', () => {
  it('lets a reply that fits in the lead go at once and whole', () => {
    expect(sendableMs({ heldMs: 100, queuedMs: 200, leadMs: 300 })).toBe(100);
    expect(sendableMs({ heldMs: 7.5, queuedMs: 0, leadMs: 300 })).toBe(7.5);
  });

  it('fills the lead first, and then adds a piece when there is room for one', () => {
    expect(sendableMs({ heldMs: 5_000, queuedMs: 0, leadMs: 300 })).toBe(300);
    expect(sendableMs({ heldMs: 4_700, queuedMs: 230, leadMs: 300 })).toBe(0);
    expect(sendableInMs({ heldMs: 4_700, queuedMs: 230, leadMs: 300 })).toBe(10);
    expect(sendableMs({ heldMs: 4_700, queuedMs: 220, leadMs: 300 })).toBe(80);
  });

  it('catches up in one piece after a delay', () => {
    expect(sendableMs({ heldMs: 5_000, queuedMs: 65, leadMs: 300 })).toBe(220);
  });

  it('never gives the other side more than the lead', () => {
    return fc.assert(
      fc.property(level, (each) => {
        const ms = sendableMs(each);
        expect(ms).toBeLessThanOrEqual(each.heldMs);
        if (ms > 0) expect(each.queuedMs + ms).toBeLessThanOrEqual(each.leadMs + 0.01);
      }),
    );
  });

  it('can send something as soon as it said it could', () => {
    return fc.assert(
      fc.property(level, (each) => {
        const inMs = sendableInMs(each);
        const ms = sendableMs({ ...each, queuedMs: Math.max(0, each.queuedMs - inMs) });
        expect(ms).toBeGreaterThanOrEqual(Math.min(each.heldMs, PACED_PIECE_MS));
      }),
    );
  });
});
