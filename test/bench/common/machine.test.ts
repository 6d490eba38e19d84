import { expect, it } from 'vitest';
import { describeMachine } from '../../../bench/common/machine.ts';
import { PinnedProcess } from '../../../bench/common/pinned-process.ts';

it('tells of the machine of a measurement its cores, Node and load', () => {
  expect(describeMachine()).toMatch(
    /^\d+ × .+, Node v\d+\.\d+\.\d+; load \d+\.\d \d+\.\d \d+\.\d \(1, 5, 15 min\)$/,
  );
});

it('tells who has which core, or that cores cannot be had here', () => {
  const pinning = PinnedProcess.canPin ? 'server on core 0' : 'not pinned to cores (no taskset)';
  expect(describeMachine('server on core 0')).toContain(`, ${pinning}; load `);
});
