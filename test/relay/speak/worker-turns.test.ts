import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WorkerTurns } from '../../../relay/speak/worker-turns.ts';

const MAX_TOLD_TURNS = 50;

function setUp() {
  const told: string[] = [];
  const turns = new WorkerTurns({
    began: (turn, endedAtMs) => told.push(`began ${turn} at ${endedAtMs}`),
    answered: (latencyMs) => told.push(`answered after ${latencyMs}`),
    gaveUp: () => told.push('gave up'),
  });
  return { told, turns };
}

describe('the turns of a worker', () => {
  it('last from the end of the speech to the first audio after it', () => {
    const { told, turns } = setUp();
    turns.heard(50);
    turns.speechEnded(3, 100);
    turns.heard(850);
    turns.heard(900);
    expect(told).toEqual(['began 3 at 100', 'answered after 750']);
    expect(turns.report()).toEqual({
      turns: 1,
      turnsAnswered: 1,
      speechLatencyMs: { p50: 750, p99: 750, max: 750 },
      lastTurns: [{ turn: 3, latencyMs: 750 }],
    });
  });

  it('are over without an answer when somebody speaks again, has finished once more, or the stream ends', () => {
    const { told, turns } = setUp();
    turns.speechEnded(0, 100);
    turns.stop();
    turns.stop();
    turns.speechEnded(0, 200);
    turns.speechEnded(0, 300);
    turns.heard(400);
    expect(told).toEqual([
      'began 0 at 100',
      'gave up',
      'began 0 at 200',
      'gave up',
      'began 0 at 300',
      'answered after 100',
    ]);
    expect(turns.report()).toMatchObject({ turns: 3, turnsAnswered: 1 });
  });

  it('end as often as they begin, and a bounded number of them is told singly', () => {
    const step = fc.oneof(
      fc.record({ type: fc.constant('ended' as const), at: fc.nat(1_000) }),
      fc.record({ type: fc.constantFrom('heard' as const, 'stop' as const), at: fc.nat(1_000) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const { told, turns } = setUp();
        for (const { type, at } of steps) {
          if (type === 'ended') turns.speechEnded(1, at);
          else if (type === 'heard') turns.heard(at);
          else turns.stop();
        }
        turns.stop();
        const begun = told.filter((line) => line.startsWith('began')).length;
        const report = turns.report();
        expect(told).toHaveLength(2 * begun);
        expect(report.turns).toBe(begun);
        expect(report.lastTurns).toHaveLength(Math.min(begun, MAX_TOLD_TURNS));
        expect(report.lastTurns.every(({ latencyMs = 0 }) => latencyMs >= 0)).toBe(true);
      }),
    );
  });
});
