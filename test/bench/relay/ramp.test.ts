import { describe, expect, it } from 'vitest';
import { endOf, median, type Step, summarize } from '../../../bench/relay/ramp.ts';

function stepOf(calls: number, p99Ms: number, loadLateMs = 1): Step {
  return {
    calls,
    p50Ms: 1,
    p99Ms,
    cpuShare: calls / 1_000,
    cpuMicrosecondsPerFrame: 20,
    residentBytes: 50_000_000 + calls * 100_000,
    heardShare: 1,
    loadLateMs,
    loadCpuShare: 0.1,
    laneMessages: 0,
    laneUnits: 0,
    laneBytes: 0,
  };
}

describe('A ramp of calls', () => {
  it('goes on after one bad step and ends after two in a row', () => {
    const late = stepOf(900, 30);
    expect(endOf([stepOf(10, 1), late])).toBeUndefined();
    expect(endOf([stepOf(10, 1), late, stepOf(920, 5)])).toBeUndefined();
    expect(endOf([late, stepOf(950, 40)])).toBe('late');
  });

  it('goes on while audio is late and nobody is busy', () => {
    expect(endOf([stepOf(20, 30), stepOf(30, 40)])).toBeUndefined();
  });

  it('says that the load was full where the load was busy', () => {
    const busy = { loadCpuShare: 0.95, loadLateMs: 30 };
    expect(endOf([20, 30].map((calls) => ({ ...stepOf(calls, 40), ...busy })))).toBe('load is full');
  });

  it('counts the calls of the last step in time, and takes the steps nearest to its quarters', () => {
    const steps = [25, 50, 75, 100].map((calls) => stepOf(calls, 2));
    const ramp = summarize([...steps, stepOf(900, 25), stepOf(950, 90)], 50_000_000, 60);
    expect(ramp).toMatchObject({ end: 'late', calls: 100, bytesPerCall: 100_000 });
    expect(ramp.quarters.map(({ calls }) => calls)).toEqual([25, 50, 75]);
    expect(ramp.reference.calls).toBe(50);
  });

  it('has no calls in time where no step was', () => {
    expect(summarize([stepOf(900, 50), stepOf(950, 60)], 0, 900)).toMatchObject({ end: 'late', calls: 0 });
  });
});

describe('A median', () => {
  it('is the middle value, the lower one of two', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2);
  });
});
