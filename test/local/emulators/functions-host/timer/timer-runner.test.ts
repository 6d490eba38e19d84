import { expect, it } from 'vitest';
import type { Clock } from '../../../../../local/emulators/common/clock.ts';
import type { TimerFunction } from '../../../../../local/emulators/functions-host/functions/function-index.ts';
import type {
  InvocationInput,
  Invoker,
} from '../../../../../local/emulators/functions-host/functions/invoker.ts';
import { NcrontabSchedule } from '../../../../../local/emulators/functions-host/functions/ncrontab.ts';
import { TimerRunner } from '../../../../../local/emulators/functions-host/timer/timer-runner.ts';

const START = Date.UTC(2026, 0, 1, 12, 0, 30);
const MINUTE = 60_000;

/** A clock whose waits end only when the test moves it. */
class TestClock implements Clock {
  nowMs = START;
  #wait: { readonly atMs: number; readonly callback: () => void } | undefined;

  now(): number {
    return this.nowMs;
  }

  after(ms: number, callback: () => void): () => void {
    const wait = { atMs: this.nowMs + ms, callback };
    this.#wait = wait;
    return () => {
      if (this.#wait === wait) this.#wait = undefined;
    };
  }

  get isWaiting(): boolean {
    return this.#wait !== undefined;
  }

  /** Moves on to the end of each wait in turn, as a running process does, and lets what it starts settle. */
  async runUntil(ms: number): Promise<void> {
    while (this.#wait !== undefined && this.#wait.atMs <= ms) await this.#end(this.#wait.atMs);
    this.nowMs = ms;
  }

  /** Jumps, as the clock of a machine that slept does: a wait ends late. */
  async sleepUntil(ms: number): Promise<void> {
    await this.#end(ms);
  }

  async #end(ms: number): Promise<void> {
    const wait = this.#wait;
    this.#wait = undefined;
    this.nowMs = ms;
    wait?.callback();
    await new Promise(setImmediate);
  }
}

interface Run {
  readonly atMs: number;
  readonly input: { IsPastDue: boolean; ScheduleStatus: { Last: string; Next: string } | null };
}

function start(text: string, options: { runOnStartup?: boolean; work?: () => Promise<void> } = {}) {
  const clock = new TestClock();
  const runs: Run[] = [];
  const invoker = {
    invoke: async (_target: unknown, { data }: InvocationInput) => {
      runs.push({ atMs: clock.now(), input: JSON.parse(data.json ?? '') });
      await options.work?.();
    },
  } as unknown as Invoker;
  const target = {
    kind: 'timer',
    name: 'tick',
    schedule: new NcrontabSchedule(text),
    runOnStartup: options.runOnStartup ?? false,
    useMonitor: true,
  } as TimerFunction;
  const runner = new TimerRunner(target, invoker, clock);
  runner.start();
  return { clock, runs, runner };
}

const minutesAfterNoon = (runs: readonly Run[]): number[] =>
  runs.map(({ atMs }) => (atMs - Date.UTC(2026, 0, 1, 12)) / MINUTE);

it('runs at every occurrence', async () => {
  const { clock, runs } = start('0 */5 * * * *');
  await clock.runUntil(START + 16 * MINUTE);
  expect(minutesAfterNoon(runs)).toEqual([5, 10, 15]);
  expect(runs.map(({ input }) => input.IsPastDue)).toEqual([false, false, false]);
});

it('tells each run when the last one was', async () => {
  const { clock, runs } = start('0 */5 * * * *');
  await clock.runUntil(START + 11 * MINUTE);
  expect(runs.map(({ input }) => input.ScheduleStatus)).toMatchObject([
    { Last: '0001-01-01T00:00:00+00:00', Next: '2026-01-01T12:05:00.000Z' },
    { Last: '2026-01-01T12:05:00.000Z', Next: '2026-01-01T12:10:00.000Z' },
  ]);
});

it('has no status for a schedule that comes more than once a minute at times', async () => {
  const { clock, runs } = start('0,30 0 * * * *');
  await clock.runUntil(START + 61 * MINUTE);
  expect(runs.map(({ input }) => input.ScheduleStatus)).toEqual([null, null]);
});

it('runs once, marked past due, when the machine slept through several occurrences', async () => {
  const { clock, runs } = start('0 */5 * * * *');
  await clock.sleepUntil(Date.UTC(2026, 0, 1, 12, 17, 3));
  expect(runs.map(({ input }) => input.IsPastDue)).toEqual([true]);
  await clock.runUntil(Date.UTC(2026, 0, 1, 12, 21));
  expect(minutesAfterNoon(runs.slice(1))).toEqual([20]);
});

it('never overlaps itself: what comes due during a run is skipped', async () => {
  let finish: () => void = () => {};
  const { clock, runs } = start('0 */5 * * * *', {
    work: () => new Promise<void>((resolve) => (finish = resolve)),
  });
  await clock.runUntil(START + 5 * MINUTE);
  expect(clock.isWaiting, 'no wait is set while the function runs').toBe(false);
  clock.nowMs = Date.UTC(2026, 0, 1, 12, 12);
  finish();
  await new Promise(setImmediate);
  await clock.runUntil(Date.UTC(2026, 0, 1, 12, 16));
  expect(minutesAfterNoon(runs)).toEqual([5, 15]);
});

it('goes on after a run that failed', async () => {
  const { clock, runs } = start('0 */5 * * * *', { work: () => Promise.reject(new Error('a failure')) });
  await clock.runUntil(START + 11 * MINUTE);
  expect(minutesAfterNoon(runs)).toEqual([5, 10]);
});

it('runs at the start when told to, then on the schedule', async () => {
  const { clock, runs } = start('0 */5 * * * *', { runOnStartup: true });
  await new Promise(setImmediate);
  await clock.runUntil(START + 5 * MINUTE);
  expect(minutesAfterNoon(runs)).toEqual([0.5, 5]);
});

it('stops when closed, even while the function runs', async () => {
  const waiting = start('0 */5 * * * *');
  waiting.runner.close();
  expect(waiting.clock.isWaiting).toBe(false);

  let finish: () => void = () => {};
  const running = start('0 */5 * * * *', {
    work: () => new Promise<void>((resolve) => (finish = resolve)),
  });
  await running.clock.runUntil(START + 5 * MINUTE);
  running.runner.close();
  finish();
  await new Promise(setImmediate);
  expect(running.clock.isWaiting, 'a run that ends after the close sets no new wait').toBe(false);
});
