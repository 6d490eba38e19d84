import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CloseCause } from '../../../relay/session/close-cause.ts';
import { SessionLife } from '../../../relay/session/session-life.ts';

const BEGAN_MS = 1_000;

/** Which of `over` and `ended` has resolved by now. */
async function resolvedOf(life: SessionLife): Promise<string[]> {
  const resolved: string[] = [];
  void life.over.then(() => resolved.push('over'));
  void life.ended.then(() => resolved.push('ended'));
  await new Promise(setImmediate);
  return resolved;
}

describe('The life of a media stream', () => {
  it('goes from connected over streaming and ending to ended, and says so', async () => {
    const life = new SessionLife(BEGAN_MS);
    expect(life.report()).toEqual({ state: 'connected', startedAtMs: BEGAN_MS });
    life.heard();
    expect(life.report()).toEqual({ state: 'streaming', startedAtMs: BEGAN_MS });
    expect(life.isOver).toBe(false);
    expect(await resolvedOf(life)).toEqual([]);

    expect(life.end('no sign of life')).toBe(true);
    expect(life.isOver).toBe(true);
    const ending = { state: 'ending', startedAtMs: BEGAN_MS, endedReason: 'no sign of life' };
    expect(life.report()).toEqual(ending);
    expect(await resolvedOf(life)).toEqual(['over']);

    life.finish(5_000);
    expect(life.isOver).toBe(true);
    expect(life.report()).toEqual({ ...ending, state: 'ended', endedAtMs: 5_000 });
    expect(await resolvedOf(life)).toEqual(['over', 'ended']);
  });

  it('may end before anything was heard', () => {
    const life = new SessionLife(BEGAN_MS);
    expect(life.end('stream ended')).toBe(true);
    expect(life.report().state).toBe('ending');
  });

  it('is not finished before it is over', async () => {
    const life = new SessionLife(BEGAN_MS);
    life.finish(5_000);
    expect(life.report()).toEqual({ state: 'connected', startedAtMs: BEGAN_MS });
    expect(await resolvedOf(life)).toEqual([]);
  });

  it('never goes back, and keeps its first cause and its first end, whatever comes in whatever order', () => {
    const order = ['connected', 'streaming', 'ending', 'ended'];
    const causes: CloseCause[] = ['stream ended', 'moved', 'replaced', 'relay shutting down'];
    const step = fc.oneof(
      fc.constant({ do: 'heard' as const }),
      fc.record({ do: fc.constant('end' as const), cause: fc.constantFrom(...causes) }),
      fc.record({ do: fc.constant('finish' as const), nowMs: fc.integer({ min: 1, max: 1e6 }) }),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const life = new SessionLife(BEGAN_MS);
        for (const each of steps) {
          const before = life.report();
          if (each.do === 'heard') life.heard();
          else if (each.do === 'finish') life.finish(each.nowMs);
          else
            expect(life.end(each.cause), 'only the first end is one').toBe(before.endedReason === undefined);
          const after = life.report();
          expect(order.indexOf(after.state)).toBeGreaterThanOrEqual(order.indexOf(before.state));
          expect(after.endedReason).toBe(before.endedReason ?? (each.do === 'end' ? each.cause : undefined));
          if (before.endedAtMs !== undefined) expect(after.endedAtMs).toBe(before.endedAtMs);
          expect(after.endedAtMs !== undefined, 'it has an end when it has ended').toBe(
            after.state === 'ended',
          );
        }
      }),
    );
  });
});
