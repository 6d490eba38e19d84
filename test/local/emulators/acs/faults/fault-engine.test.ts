import { describe, expect, it } from 'vitest';
import { plannedTokens, type Tokens } from '../../../../../local/emulators/acs/events/tokens.ts';
import {
  AcsFaultEngine,
  drawMs,
  type FaultPlan,
  type FaultRuleInput,
} from '../../../../../local/emulators/acs/faults/fault-plan.ts';
import { plannedMediaFaults } from '../../../../../local/emulators/acs/faults/planned-faults.ts';
import { seededRandom } from '../../../../../local/emulators/common/random.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';

const LOST: FaultRuleInput = { on: 'callback', fault: 'lose' };

/** For each of so many events, whether the rule hit. */
function hits(engine: AcsFaultEngine, count: number, seed = 'a', name = 'CallConnected'): boolean[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => engine.draw('callback', name, random).length > 0);
}

describe('the fault engine', () => {
  it('does nothing without a plan', () => {
    const engine = new AcsFaultEngine();
    expect(hits(engine, 3)).toEqual([false, false, false]);
    expect(engine.clockSkewMs).toBe(0);
    expect(engine.report()).toEqual({ plan: { rules: [], clockSkewMs: 0 }, hits: [], injected: {} });
  });

  it('hits everything that a rule fits, as often as the rule says', () => {
    expect(hits(new AcsFaultEngine({ rules: [LOST] }), 3)).toEqual([true, true, true]);
    expect(hits(new AcsFaultEngine({ rules: [{ ...LOST, count: 2 }] }), 4)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(hits(new AcsFaultEngine({ rules: [{ ...LOST, skip: 1, count: 1 }] }), 4)).toEqual([
      false,
      true,
      false,
      false,
    ]);
  });

  it('hits nothing of another target or another name', () => {
    const engine = new AcsFaultEngine({ rules: [{ ...LOST, type: 'CallDisconnected' }] });
    expect(hits(engine, 1)).toEqual([false]);
    expect(engine.draw('eventGrid', 'CallDisconnected', seededRandom('a'))).toEqual([]);
    expect(hits(engine, 1, 'a', 'CallDisconnected')).toEqual([true]);
  });

  it('hits with a probability, the same events again with the same seed', () => {
    const plan: FaultPlan = { rules: [{ ...LOST, probability: 0.3 }] };
    const first = hits(new AcsFaultEngine(plan), 1_000);
    expect(hits(new AcsFaultEngine(plan), 1_000)).toEqual(first);
    expect(hits(new AcsFaultEngine(plan), 1_000, 'b')).not.toEqual(first);
    const count = first.filter(Boolean).length;
    expect(count).toBeGreaterThan(240);
    expect(count).toBeLessThan(360);
  });

  it('tells what it injected, also after the plan was replaced', () => {
    const told: string[] = [];
    const engine = new AcsFaultEngine({ rules: [LOST] }, ({ on, fault, name }) =>
      told.push(`${on}.${fault} ${name}`),
    );
    hits(engine, 2);
    expect(engine.report()).toMatchObject({ hits: [2], injected: { 'callback.lose': 2 } });
    engine.replace({ clockSkewMs: -60_000 });
    expect(hits(engine, 1)).toEqual([false]);
    expect(engine.clockSkewMs).toBe(-60_000);
    expect(engine.report()).toMatchObject({ plan: { rules: [] }, injected: { 'callback.lose': 2 } });
    expect(told).toEqual(['callback.lose CallConnected', 'callback.lose CallConnected']);
  });

  it('takes rules until there are too many, and forgets those that are used up', () => {
    const engine = new AcsFaultEngine();
    for (let i = 0; i < 100; i++) engine.add({ ...LOST, count: 1 });
    expect(() => engine.add(LOST)).toThrow(/At most 100 faults/);
    hits(engine, 1);
    engine.add(LOST);
    expect(engine.report().plan.rules).toHaveLength(1);
  });

  it('keeps its plan where another one is refused', () => {
    const engine = new AcsFaultEngine({ rules: [LOST] });
    expect(() => engine.replace({ rules: [{ on: 'callback', fault: 'explode' }] })).toThrow(RangeError);
    expect(engine.report().plan.rules).toHaveLength(1);
  });

  it('draws times within their span, ends included', () => {
    const random = seededRandom('span');
    const drawn = Array.from({ length: 200 }, () => drawMs([3, 5], random));
    expect(new Set(drawn)).toEqual(new Set([3, 4, 5]));
    expect(drawMs(7, random)).toBe(7);
  });
});

describe('a fault plan', () => {
  it.each<[string, unknown, RegExp]>([
    ['an unknown target', { rules: [{ on: 'moon', fault: 'lose' }] }, /rules\[0\], member on/],
    [
      'a fault of another target',
      { rules: [LOST, { on: 'media', fault: 'reorder' }] },
      /rules\[1\], member fault/,
    ],
    ['a status that is no error', { rules: [{ on: 'rest', fault: 'error', status: 200 }] }, /member status/],
    ['an unknown member', { rules: [{ ...LOST, colour: 1 }] }, /colour/],
    [
      'a span from large to small',
      { rules: [{ on: 'rest', fault: 'slow', delayMs: [2, 1] }] },
      /member delayMs/,
    ],
    ['a probability over 1', { rules: [{ ...LOST, probability: 2 }] }, /member probability/],
    ['101 rules', { rules: new Array(101).fill(LOST) }, /member rules/],
    ['a skew of a month', { clockSkewMs: 30 * 24 * 60 * 60_000 }, /member clockSkewMs/],
    ['a list', [], /the fault plan/],
  ])('is refused with %s', (_, plan, sentence) => {
    const create = (): AcsFaultEngine => {
      const engine = new AcsFaultEngine();
      engine.replace(plan);
      return engine;
    };
    expect(create).toThrow(sentence);
    expect(create).toThrow(RangeError);
  });
});

describe('the faults of media sockets', () => {
  it('are drawn for each frame from a stream of the socket itself', () => {
    const plan: FaultPlan = {
      rules: [{ on: 'media', fault: 'jitter', delayMs: [0, 100], probability: 0.5 }],
    };
    const draw = (names: readonly string[]): unknown[] => {
      const faults = plannedMediaFaults(new AcsFaultEngine(plan), seededRandom('a'));
      const streams = names.map((name) => faults.stream(name));
      const drawn = Array.from({ length: 20 }, () => streams.map((stream) => stream.nextFrame()));
      return drawn.map((all) => all[0]);
    };
    expect(draw(['1', '2']), 'another call must not disturb the first one').toEqual(draw(['1']));
    expect(draw(['2'])).not.toEqual(draw(['1']));
  });

  it('include a socket that dies without a word, counted once a socket', () => {
    const engine = new AcsFaultEngine({
      rules: [{ on: 'media', fault: 'halfOpen', afterMs: 500, count: 1 }],
    });
    const faults = plannedMediaFaults(engine, seededRandom('a'));
    const first = faults.stream('1');
    expect(first.halfOpenAfterMs).toBe(500);
    expect(first.nextFrame()).toEqual([]);
    expect(faults.stream('2').halfOpenAfterMs).toBeUndefined();
    expect(engine.report().injected).toEqual({ 'media.halfOpen': 1 });
  });
});

describe('the faults of tokens', () => {
  it('hand out a token of yesterday instead of one of today', async () => {
    const clock = new ManualClock();
    const engine = new AcsFaultEngine({ rules: [{ on: 'token', fault: 'expired', for: 'media', count: 1 }] });
    const issuer = (by: { now(): number }): Tokens => ({
      callbackToken: async () => `callback ${by.now() - clock.now()}`,
      mediaToken: async () => `media ${by.now() - clock.now()}`,
    });
    const tokens = plannedTokens(issuer, clock, engine, seededRandom('a'));
    expect(await tokens.callbackToken()).toBe('callback 0');
    expect(await tokens.mediaToken()).toBe(`media ${-25 * 60 * 60_000}`);
    expect(await tokens.mediaToken()).toBe('media 0');
  });
});
