import { describe, expect, it } from 'vitest';
import { FrameClock } from '../../../../../local/emulators/acs/media/frame-clock.ts';
import { MediaTicker, type Ticking } from '../../../../../local/emulators/acs/media/media-ticker.ts';
import type { Clock } from '../../../../../local/emulators/common/clock.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';

const FRAME_MS = 20;
const TEN_MINUTES_MS = 10 * 60_000;

/**
 * A machine whose timers come up to 9 ms late, and half a second late now and then; the lateness repeats itself on
 * every run.
 */
function lateTimers(clock: ManualClock): Clock {
  let state = 7;
  return {
    now: () => clock.now(),
    after: (ms, run) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      const lateMs = state % 997 === 0 ? 500 : (state >>> 16) % 10;
      return clock.after(ms + lateMs, run);
    },
  };
}

describe('ten minutes of a stream on a machine that is always late', () => {
  it('have every frame, each stamped with its own deadline, and end less than a frame from where they should', () => {
    const clock = new ManualClock();
    const ticker = new MediaTicker(lateTimers(clock));
    const startMs = clock.now();
    const frames = new FrameClock(startMs, FRAME_MS);
    const stamps: number[] = [];
    let latestMs = 0;
    const stream: Ticking = {
      get deadlineMs() {
        return frames.deadlineMs;
      },
      tick(nowMs) {
        for (let due = frames.due(nowMs); due > 0; due--) stamps.push(frames.take());
        latestMs = Math.max(latestMs, nowMs - (stamps.at(-1) ?? 0));
      },
      broke(error) {
        throw error;
      },
    };
    ticker.add(stream);
    clock.advance(TEN_MINUTES_MS);

    expect(stamps.length, 'frames of ten minutes').toBeGreaterThanOrEqual(TEN_MINUTES_MS / FRAME_MS - 1);
    expect(stamps.length).toBeLessThanOrEqual(TEN_MINUTES_MS / FRAME_MS + 1);
    expect(
      stamps.findIndex((stamp, index) => stamp !== startMs + index * FRAME_MS),
      'the first frame that is not stamped with its deadline',
    ).toBe(-1);
    // The last timer may be late itself; what it is late by is not carried on.
    expect(clock.now() - (stamps.at(-1) ?? 0), 'milliseconds after the last frame').toBeLessThan(
      2 * FRAME_MS,
    );
    expect(latestMs, 'the machine was late at all').toBeGreaterThan(0);
  });
});
