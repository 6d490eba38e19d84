import { describe, expect, it } from 'vitest';
import { FrameClock } from '../../../../../local/emulators/acs/media/frame-clock.ts';
import { MediaTicker, type Ticking } from '../../../../../local/emulators/acs/media/media-ticker.ts';
import { StallingClock } from '../../../../support/stalling-clock.ts';

/** Notes when it was served and takes what is due. */
class Member implements Ticking {
  readonly served: number[] = [];
  readonly errors: unknown[] = [];
  readonly #clock: FrameClock;
  #originMs: number;
  failWith: Error | undefined;
  onTick: () => void = () => {};

  constructor(startMs: number, originMs: number) {
    this.#clock = new FrameClock(startMs, 20);
    this.#originMs = originMs;
  }

  get deadlineMs(): number {
    return this.#clock.deadlineMs;
  }

  tick(nowMs: number): void {
    if (this.failWith !== undefined) throw this.failWith;
    for (let due = this.#clock.due(nowMs); due > 0; due--) {
      this.#clock.take();
      this.served.push(nowMs - this.#originMs);
    }
    this.onTick();
  }

  broke(error: unknown): void {
    this.errors.push(error);
  }
}

describe('the ticker of all streams', () => {
  const START = 1_000_000;

  function setUp(...phasesMs: number[]) {
    const clock = new StallingClock(START);
    const ticker = new MediaTicker(clock);
    const members = phasesMs.map((phase) => new Member(START + phase, START));
    for (const member of members) ticker.add(member);
    return { clock, ticker, members };
  }

  it('serves each at its own deadlines with one timer', () => {
    const { clock, members } = setUp(0, 7, 13);
    expect(clock.pending).toBe(1);
    clock.advance(50);
    expect(members.map(({ served }) => served)).toEqual([
      [0, 20, 40],
      [7, 27, 47],
      [13, 33],
    ]);
    expect(clock.pending).toBe(1);
  });

  it('sleeps in whole milliseconds and is never early', () => {
    const { clock, members } = setUp(0.25);
    clock.advance(50);
    expect(members[0]?.served).toEqual([1, 21, 41]);
  });

  it('catches up at once after a stall and is punctual again', () => {
    const { clock, members } = setUp(0);
    clock.advance(20);
    clock.stall(105);
    clock.advance(20);
    expect(members[0]?.served).toEqual([0, 20, 125, 125, 125, 125, 125, 140]);
  });

  it('wakes earlier when somebody with an earlier deadline joins', () => {
    const { clock, ticker, members } = setUp(20);
    const early = new Member(START + 3, START);
    ticker.add(early);
    clock.advance(25);
    expect(early.served).toEqual([3, 23]);
    expect(members[0]?.served).toEqual([20]);
  });

  it('drops the one that throws, tells it, and serves the others', async () => {
    const { clock, members } = setUp(0, 0, 0);
    const [first, bad, last] = members;
    const error = new Error('out of order');
    if (bad !== undefined) bad.failWith = error;
    clock.advance(20);
    await Promise.resolve();
    expect(bad?.errors).toEqual([error]);
    expect([first?.served, last?.served]).toEqual([
      [0, 20],
      [0, 20],
    ]);
  });

  it('has no timer once everybody has left, even from within a tick', () => {
    const { clock, ticker, members } = setUp(0, 5);
    for (const member of members) member.onTick = () => ticker.remove(member);
    clock.advance(100);
    expect(members.map(({ served }) => served)).toEqual([[0], [5]]);
    expect(clock.pending).toBe(0);
  });
});
