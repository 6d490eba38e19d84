import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  COMPATIBILITY,
  EMPTY_QUEUE,
  incompatibleWith,
  MAX_WAITING,
  type MediaOperationKind,
  present,
  type QueuedKind,
  type QueueEffect,
  type QueueInput,
  type QueueState,
  stepQueue,
} from '../../../../../local/emulators/acs/media-operations/operation-queue.ts';

const KINDS: readonly QueuedKind[] = [
  'playToAll',
  'recognizeNonGroup',
  'playTo',
  'recognizeGroup',
  'sendDtmf',
];

function submit(id: number, kind: QueuedKind, interrupts = false): QueueInput {
  return { type: 'submit', operation: { id, kind }, interrupts };
}

/** Runs the inputs one after the other; answers the last state and all effects. */
function run(...inputs: QueueInput[]): { state: QueueState; effects: QueueEffect[] } {
  let state = EMPTY_QUEUE;
  const effects: QueueEffect[] = [];
  for (const input of inputs) {
    const step = stepQueue(state, input);
    expect(step.refusal, `refused: ${JSON.stringify(input)}`).toBeUndefined();
    state = step.state;
    effects.push(...step.effects);
  }
  return { state, effects };
}

describe('the queue of media operations', () => {
  it('starts an operation on a free leg at once and the next one when it has ended', () => {
    const first = run(submit(1, 'playToAll'), submit(2, 'playToAll'), submit(3, 'recognizeNonGroup'));
    expect(first.effects).toEqual([{ type: 'start', id: 1 }]);
    const second = stepQueue(first.state, { type: 'ended', id: 1, how: 'completed' });
    expect(second.effects).toEqual([{ type: 'start', id: 2 }]);
    const third = stepQueue(second.state, { type: 'ended', id: 2, how: 'failed' });
    expect(third.effects).toEqual([{ type: 'start', id: 3 }]);
    expect(third.state.ended).toEqual({ completed: 1, failed: 1, cancelled: 0 });
  });

  it('runs the two legs side by side', () => {
    const { effects } = run(submit(1, 'playToAll'), submit(2, 'playTo'));
    expect(effects).toEqual([
      { type: 'start', id: 1 },
      { type: 'start', id: 2 },
    ]);
  });

  it.each([
    ['playTo', 'playTo'],
    ['playTo', 'recognizeGroup'],
    ['playTo', 'sendDtmf'],
    ['recognizeGroup', 'playTo'],
    ['recognizeGroup', 'sendDtmf'],
    ['sendDtmf', 'playTo'],
    ['sendDtmf', 'sendDtmf'],
  ] as const)('refuses beside %s a second operation of the sub leg, %s', (existing, added) => {
    const { state } = run(submit(1, existing));
    const step = stepQueue(state, submit(2, added));
    expect(step.refusal).toEqual({ type: 'incompatible', existing });
    expect(step.state).toBe(state);
  });

  it('refuses continuous recognition exactly where the table does', () => {
    const refusing = KINDS.filter((kind) => incompatibleWith([kind], 'startContinuousDtmf') === kind);
    expect(refusing).toEqual(['playTo', 'recognizeGroup', 'sendDtmf']);
    expect(COMPATIBILITY.startContinuousDtmf.allows).toHaveLength(6);
  });

  it('cancels everything for an operation that interrupts, which is then measured against nothing', () => {
    const { state } = run(submit(1, 'playTo'), submit(2, 'playToAll'), submit(3, 'playToAll'));
    const step = stepQueue(state, submit(4, 'playTo', true));
    expect(step.refusal).toBeUndefined();
    expect(step.effects).toEqual([
      { type: 'cancel', id: 1, begun: true },
      { type: 'cancel', id: 2, begun: true },
      { type: 'cancel', id: 3, begun: false },
      { type: 'start', id: 4 },
    ]);
    expect(present(step.state).map(({ id }) => id)).toEqual([4]);
  });

  it('ignores the end of an operation that was cancelled', () => {
    const { state } = run(submit(1, 'playToAll'), { type: 'cancelAll' });
    expect(stepQueue(state, { type: 'ended', id: 1, how: 'completed' })).toEqual({ state, effects: [] });
  });

  it('lets a bounded number wait', () => {
    const inputs = Array.from({ length: MAX_WAITING + 1 }, (_, id) => submit(id, 'playToAll'));
    const { state } = run(...inputs);
    expect(stepQueue(state, submit(1_000, 'playToAll')).refusal).toEqual({ type: 'full' });
  });

  it('starts each operation at most once, ends none twice, and keeps one at a time on a leg', () => {
    const input = fc.oneof(
      fc.record({
        type: fc.constant('submit' as const),
        kind: fc.constantFrom(...KINDS),
        interrupts: fc.boolean(),
      }),
      fc.record({
        type: fc.constant('ended' as const),
        id: fc.nat(20),
        how: fc.constantFrom('completed' as const, 'failed' as const),
      }),
      fc.constant({ type: 'cancelAll' as const }),
    );
    fc.assert(
      fc.property(fc.array(input, { maxLength: 60 }), (inputs) => {
        let state = EMPTY_QUEUE;
        const started = new Set<number>();
        const cancelled = new Set<number>();
        let taken = 0;
        for (const [index, next] of inputs.entries()) {
          const step = stepQueue(
            state,
            next.type === 'submit' ? submit(index, next.kind, next.interrupts) : next,
          );
          state = step.state;
          if (next.type === 'submit' && step.refusal === undefined) taken++;
          for (const effect of step.effects) {
            const done = effect.type === 'start' ? started : cancelled;
            expect(done.has(effect.id), `${effect.type} twice`).toBe(false);
            if (effect.type === 'start') expect(cancelled.has(effect.id)).toBe(false);
            else expect(effect.begun).toBe(started.has(effect.id));
            done.add(effect.id);
          }
          const { completed, failed, cancelled: dropped } = state.ended;
          expect(present(state).length + completed + failed + dropped).toBe(taken);
          const kinds: MediaOperationKind[] = present(state).map(({ kind }) => kind);
          expect(kinds.filter((kind) => COMPATIBILITY[kind].leg === 'sub').length).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});
