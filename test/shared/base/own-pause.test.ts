import { expect, it } from 'vitest';
import { afterSilence } from '../../../shared/base/own-pause.ts';
import { RelayClock } from '../../relay/relay-clock.ts';

function setUp(ms: number) {
  const clock = new RelayClock();
  const ranAtMs: number[] = [];
  const cancel = afterSilence(clock, ms, () => ranAtMs.push(clock.elapsedMs()));
  return { clock, ranAtMs, cancel };
}

it('runs when its time is over', async () => {
  const { clock, ranAtMs } = setUp(1_000);
  await clock.advance(5_000);
  expect(ranAtMs).toEqual([1_000]);
});

it('waits as long again as it was late, so that what came meanwhile is read first', async () => {
  const { clock, ranAtMs } = setUp(1_000);
  await clock.beHeldUp(1_400);
  expect(ranAtMs).toEqual([]);
  await clock.advance(5_000);
  expect(ranAtMs).toEqual([1_800]);
});

it('waits no longer than its own time again, and only once, on a machine that is always late', async () => {
  const { clock, ranAtMs } = setUp(1_000);
  await clock.beHeldUp(60_000);
  await clock.beHeldUp(60_000);
  expect(ranAtMs).toEqual([120_000]);
});

it('can be cancelled, also while it waits again', async () => {
  for (const heldUpMs of [0, 1_400]) {
    const { clock, ranAtMs, cancel } = setUp(1_000);
    await clock.beHeldUp(heldUpMs);
    cancel();
    cancel();
    await clock.advance(5_000);
    expect(ranAtMs).toEqual([]);
    expect(clock.pending).toBe(0);
  }
});
