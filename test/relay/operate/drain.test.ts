import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drain, type MovableCall, type RestartOutcome } from '../../../relay/operate/drain.ts';
import { RelayClock, settled } from '../relay-clock.ts';

const LONGEST_INTERVAL_MS = 150;
const LEAVE_LIMIT_MS = 5_000;
const MOVE_ATTEMPTS = 3;
const MOVED_AT_ONCE = 8;
const DEADLINE_MS = 30_000;

class ScriptedCall implements MovableCall {
  readonly #over = Promise.withResolvers<void>();
  readonly over = this.#over.promise;
  readonly askedAtMs: number[] = [];
  isQuietNow = true;
  /** What each attempt comes to, the last one for all that follow. */
  outcomes: RestartOutcome[] = ['accepted'];
  /** Ends its stream at once when a restart is accepted. */
  isObliging = true;
  readonly #clock: RelayClock;

  constructor(clock: RelayClock) {
    this.#clock = clock;
  }

  isQuiet(): boolean {
    return this.isQuietNow;
  }

  async restart(): Promise<RestartOutcome> {
    this.askedAtMs.push(this.#clock.elapsedMs());
    const outcome = this.outcomes.length > 1 ? this.outcomes.shift() : this.outcomes[0];
    if (outcome === 'accepted' && this.isObliging) this.end();
    return outcome ?? 'failed';
  }

  end(): void {
    this.#over.resolve();
  }
}

function setUp(calls: number) {
  const clock = new RelayClock();
  const all = Array.from({ length: calls }, () => new ScriptedCall(clock));
  let report: Awaited<ReturnType<typeof drain>> | undefined;
  const begin = (): void => {
    void drain(all, { clock, deadlineMs: DEADLINE_MS }).then((done) => {
      report = done;
    });
  };
  const [first = new ScriptedCall(clock)] = all;
  return { clock, all, first, begin, report: () => report };
}

describe('Draining a relay', () => {
  it('is done at once where there is no call', async () => {
    const { begin, report } = setUp(0);
    begin();
    await settled();
    expect(report()).toEqual({ moved: 0, left: 0, tookMs: 0 });
  });

  it('moves a quiet call at once, and one that speaks at its first quiet moment', async () => {
    const { clock, all, first, begin, report } = setUp(2);
    first.isQuietNow = false;
    begin();
    await clock.advance(1_000);
    expect(all.map(({ askedAtMs }) => askedAtMs.length)).toEqual([0, 1]);
    first.isQuietNow = true;
    await clock.advance(100);
    expect(first.askedAtMs).toHaveLength(1);
    expect(report()).toMatchObject({ moved: 2, left: 0 });
  });

  it('moves a call that is never quiet after a third of the time', async () => {
    const { clock, first, begin, report } = setUp(1);
    first.isQuietNow = false;
    begin();
    await clock.advance(DEADLINE_MS / 2);
    expect(first.askedAtMs).toEqual([DEADLINE_MS / 3]);
    expect(report()).toMatchObject({ moved: 1 });
  });

  it('asks again when asking fails or nothing comes of it, and then leaves the call behind', async () => {
    const { clock, first, begin, report } = setUp(1);
    first.outcomes = ['failed', 'accepted'];
    first.isObliging = false;
    begin();
    await clock.advance(500 + 2 * LEAVE_LIMIT_MS);
    expect(first.askedAtMs).toEqual([0, 500, 500 + LEAVE_LIMIT_MS]);
    expect(first.askedAtMs).toHaveLength(MOVE_ATTEMPTS);
    expect(report()).toMatchObject({ moved: 0, left: 1 });
  });

  it('asks again when the control app says that it may, and meanwhile moves the others', async () => {
    const { clock, all, first, begin, report } = setUp(MOVED_AT_ONCE + 1);
    for (const call of all.slice(0, MOVED_AT_ONCE)) call.outcomes = [{ retryAfterMs: 20_000 }, 'accepted'];
    begin();
    await clock.advance(2 * MOVED_AT_ONCE * LONGEST_INTERVAL_MS);
    expect(all.at(-1)?.askedAtMs, 'the last is not restarted too often').toHaveLength(1);
    expect(first.askedAtMs).toEqual([0]);
    await clock.advance(DEADLINE_MS);
    expect(first.askedAtMs).toEqual([0, 20_000]);
    expect(report()).toMatchObject({ moved: MOVED_AT_ONCE + 1, left: 0 });
  });

  it('asks nothing of a call that ends by itself', async () => {
    const { clock, first, begin, report } = setUp(1);
    first.isQuietNow = false;
    begin();
    await clock.advance(200);
    first.end();
    await clock.advance(100);
    expect(first.askedAtMs).toEqual([]);
    expect(report()).toMatchObject({ moved: 1, left: 0 });
  });

  it('moves only so many at the same time', async () => {
    const { clock, all, begin, report } = setUp(3 * MOVED_AT_ONCE);
    for (const call of all) call.isObliging = false;
    begin();
    await clock.advance(MOVED_AT_ONCE * LONGEST_INTERVAL_MS);
    const asked = (): ScriptedCall[] => all.filter(({ askedAtMs }) => askedAtMs.length > 0);
    expect(asked()).toHaveLength(MOVED_AT_ONCE);
    asked()[0]?.end();
    await settled();
    expect(asked()).toHaveLength(MOVED_AT_ONCE + 1);
    for (let round = 0; round < 3; round++) {
      for (const call of asked()) call.end();
      await clock.advance(MOVED_AT_ONCE * LONGEST_INTERVAL_MS);
    }
    expect(report()).toMatchObject({ moved: all.length, left: 0 });
  });

  it('moves calls one after the other, and none that ends while it waits for its turn', async () => {
    const { clock, all, begin, report } = setUp(4);
    begin();
    await settled();
    const asked = (): (number | undefined)[] => all.map(({ askedAtMs }) => askedAtMs[0]);
    expect(asked()).toEqual([0, undefined, undefined, undefined]);
    all[2]?.end();
    await clock.advance(5 * LONGEST_INTERVAL_MS);
    expect(asked()).toEqual([0, LONGEST_INTERVAL_MS, undefined, 3 * LONGEST_INTERVAL_MS]);
    expect(report()).toMatchObject({ moved: 4, left: 0 });
  });

  it('ends at the deadline whatever the calls do', () => {
    const outcome = fc.constantFrom<RestartOutcome>('accepted', 'over', 'failed');
    const script = fc.record({
      isQuietNow: fc.boolean(),
      isObliging: fc.boolean(),
      outcomes: fc.array(outcome, { minLength: 1, maxLength: 4 }),
    });
    return fc.assert(
      fc.asyncProperty(fc.array(script, { maxLength: 2 * MOVED_AT_ONCE }), async (scripts) => {
        const { clock, all, begin, report } = setUp(scripts.length);
        for (const [at, call] of all.entries()) Object.assign(call, scripts[at]);
        begin();
        await clock.advance(DEADLINE_MS);
        const done = report();
        expect((done?.moved ?? 0) + (done?.left ?? 0), 'every call is counted at the deadline').toBe(
          scripts.length,
        );
        expect(done?.tookMs).toBeLessThanOrEqual(DEADLINE_MS);
      }),
      { numRuns: 30 },
    );
  });
});
