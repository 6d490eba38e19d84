import { describe, expect, it } from 'vitest';
import { createLog } from '../../../relay/operate/log.ts';
import type { LoopDelay } from '../../../relay/operate/loop-delay.ts';
import { LoopWatch } from '../../../relay/operate/loop-watch.ts';
import { RelayClock } from '../relay-clock.ts';

const CALM_WINDOWS = 3;
const OVER_WINDOWS = 2;

const LATE: LoopDelay = { p50: 41, p99: 60, max: 70 };
const IN_TIME: LoopDelay = { p50: 1, p99: 2, max: 3 };

function setUp() {
  const lines: string[] = [];
  let running = 0;
  let started = 0;
  let onWindow = (_: LoopDelay): void => {};
  const loop = new LoopWatch({
    maxDelayMs: 40,
    clock: new RelayClock(),
    log: createLog('info', { write: (line: string) => void lines.push(line) }),
    watch: (_, told) => {
      onWindow = told;
      running += 1;
      started += 1;
      return () => {
        running -= 1;
      };
    },
  });
  return {
    loop,
    lines,
    running: () => running,
    started: () => started,
    windows(count: number, delay: LoopDelay) {
      for (let i = 0; i < count; i += 1) onWindow(delay);
    },
  };
}

describe('The watch on the event loop of a relay', () => {
  it('knows the last window, and none before there was one', () => {
    const { loop, windows } = setUp();
    loop.start();
    expect(loop.delay).toEqual({ p50: 0, p99: 0, max: 0 });
    windows(1, LATE);
    expect(loop.delay).toEqual(LATE);
    windows(1, IN_TIME);
    expect(loop.delay).toEqual(IN_TIME);
  });

  it('says when the process becomes too late and when it is in time again, and nothing in between', () => {
    const { loop, lines, windows } = setUp();
    loop.start();
    windows(OVER_WINDOWS - 1, LATE);
    expect([loop.isOverloaded, lines.length]).toEqual([false, 0]);
    windows(5, LATE);
    expect(loop.isOverloaded).toBe(true);
    windows(CALM_WINDOWS + 5, IN_TIME);
    expect(loop.isOverloaded).toBe(false);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { isOverloaded: true, delayMs: 41 },
      { isOverloaded: false, delayMs: 1 },
    ]);
  });

  it('measures once however often it is started, and not at all once it is stopped', () => {
    const { loop, running, started } = setUp();
    loop.stop();
    loop.start();
    loop.start();
    expect([running(), started()]).toEqual([1, 1]);
    loop.stop();
    loop.stop();
    expect(running()).toBe(0);
  });
});
