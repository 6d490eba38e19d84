import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamTimeline } from '../../../relay/listen/stream-timeline.ts';

const FRAME = 320;
const START_MS = Date.UTC(2026, 0, 1);

describe('StreamTimeline', () => {
  it('puts frames one after the other when there are no timestamps', () => {
    const timeline = new StreamTimeline('pcm16KMono');
    expect([0, 1, 2].map(() => timeline.place(0, undefined))).toEqual([0, FRAME, 2 * FRAME]);
  });

  it('takes no jitter of timestamps for a gap', () => {
    const jitter = fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 2, maxLength: 200 });
    return fc.assert(
      fc.property(jitter, (jitters) => {
        const timeline = new StreamTimeline('pcm16KMono');
        const places = jitters.map((ms, i) => timeline.place(0, START_MS + i * 20 + ms));
        expect(places).toEqual(places.map((_, i) => i * FRAME));
      }),
    );
  });

  it('leaves a gap where the timestamps do', () => {
    const timeline = new StreamTimeline('pcm24KMono');
    timeline.place(0, START_MS);
    expect(timeline.place(0, START_MS + 1_000)).toBe(50 * 480);
    expect(timeline.place(0, START_MS + 1_020)).toBe(51 * 480);
  });

  it('takes a jump of hours for a clock that was set', () => {
    const timeline = new StreamTimeline('pcm16KMono');
    timeline.place(0, START_MS);
    expect(timeline.place(0, START_MS + 3_600_000)).toBe(FRAME);
    expect(timeline.place(0, START_MS + 3_600_020)).toBe(2 * FRAME);
    expect(timeline.place(0, START_MS)).toBe(3 * FRAME);
    expect(timeline.place(0, START_MS + 1_000), 'gaps are seen by the new clock').toBe(53 * FRAME);
  });

  it('places somebody who is heard later where he began to speak', () => {
    const timeline = new StreamTimeline('pcm16KMono');
    for (let i = 0; i < 100; i += 1) timeline.place(1, START_MS + i * 20);
    expect(timeline.place(2, START_MS + 99 * 20)).toBe(99 * FRAME);
    expect(timeline.place(2, START_MS + 100 * 20)).toBe(100 * FRAME);
  });

  it('never puts a frame on top of another of the same participant', () => {
    const frame = fc.record({ ssrc: fc.integer({ min: 0, max: 3 }), atMs: fc.option(fc.nat(200_000)) });
    return fc.assert(
      fc.property(fc.array(frame, { maxLength: 100 }), (frames) => {
        const timeline = new StreamTimeline('pcm16KMono');
        const ends = new Map<number, number>();
        for (const { ssrc, atMs } of frames) {
          const place = timeline.place(ssrc, atMs === null ? undefined : START_MS + atMs);
          expect(Number.isInteger(place / FRAME)).toBe(true);
          expect(place).toBeGreaterThanOrEqual(ends.get(ssrc) ?? 0);
          ends.set(ssrc, place + FRAME);
        }
      }),
    );
  });
});
