/** What is measured of one server in one round. Each starts a fresh server. */
import type { WorkerPlan } from '../../shared/call/plan.ts';
import { endOf, type Ramp, type Step, summarize } from './ramp.ts';
import { Rig, type RigOptions } from './rig.ts';

export interface Pace {
  readonly warmUpMs: number;
  readonly settleMs: number;
  readonly measureMs: number;
}

/** More and more calls, until audio is late. */
export async function measureCapacity(
  options: RigOptions,
  pace: Pace,
  levels: readonly number[],
  referenceCalls: number,
): Promise<{ ramp: Ramp; steps: Step[] }> {
  const rig = await Rig.start(options);
  try {
    const steps: Step[] = [];
    let isStuck = false;
    for (const calls of levels) {
      isStuck = !(await rig.grow(calls, steps.length === 0 ? pace.warmUpMs : pace.settleMs));
      if (isStuck) break;
      steps.push(await rig.measure(calls, pace.measureMs));
      if (endOf(steps) !== undefined) break;
    }
    const ramp = summarize(steps, rig.idle.residentBytes, referenceCalls);
    return { ramp: isStuck ? { ...ramp, end: 'late' } : ramp, steps };
  } finally {
    rig.stop();
  }
}

/** A steady number of calls. */
export async function measureSteady(options: RigOptions, pace: Pace, calls: number): Promise<Step> {
  const rig = await Rig.start(options);
  try {
    if (!(await rig.grow(calls, pace.warmUpMs)))
      throw new Error(`${options.server} did not take ${calls} calls`);
    return await rig.measure(calls, pace.measureMs);
  } finally {
    rig.stop();
  }
}

/** Callers that interrupt the worker every two seconds. */
export async function measureBargeIn(options: RigOptions, pace: Pace, calls: number): Promise<Step> {
  const worker: WorkerPlan = { ...options.worker, bargeIn: { policy: 'stop' } };
  return await measureSteady({ ...options, worker, script: 'barge-in' }, pace, calls);
}

/** Bytes that each further call takes, between two numbers of calls, with all garbage collected. */
export interface Memory {
  readonly from: number;
  readonly to: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
  /** Of the process without calls. */
  readonly idleBytes: number;
}

export async function measureMemory(
  options: RigOptions,
  pace: Pace,
  [from, to]: readonly [number, number],
): Promise<Memory> {
  const rig = await Rig.start({ ...options, flags: [...options.flags, '--expose-gc'] });
  try {
    const at = async (calls: number): Promise<Step> => {
      if (!(await rig.grow(calls, pace.warmUpMs)))
        throw new Error(`${options.server} did not take ${calls} calls`);
      return await rig.measure(calls, pace.measureMs);
    };
    const low = await at(from);
    const high = await at(to);
    const each = (of: (step: Step) => number | undefined): number =>
      ((of(high) ?? Number.NaN) - (of(low) ?? Number.NaN)) / (to - from);
    return {
      from,
      to,
      residentBytes: each((step) => step.residentBytes),
      heapBytes: each((step) => step.heapBytes),
      externalBytes: each((step) => step.externalBytes),
      idleBytes: rig.idle.residentBytes,
    };
  } finally {
    rig.stop();
  }
}
