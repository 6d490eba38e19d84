import { expect, it } from 'vitest';
import { PlayoutModel } from '../../../bench/relay/playout-model.ts';

it('plays what comes at once, or after what came before', () => {
  const playout = new PlayoutModel(32);
  expect(playout.take(3_200, 1_000)).toBe(1_000);
  expect(playout.take(3_200, 1_090), 'ten milliseconds early').toBe(1_100);
  expect(playout.take(3_200, 1_250), 'after a tear of fifty').toBe(1_250);
  playout.stop();
  expect(playout.take(640, 1_260), 'after StopAudio').toBe(1_260);
});
