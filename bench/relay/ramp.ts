/** What one ramp says: more and more calls on a fresh server, until its audio is late. Pure. */
import type { Percentiles } from './messages.ts';

export interface Step {
  readonly calls: number;
  /** Added latency in milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuShare: number;
  readonly cpuMicrosecondsPerFrame: number;
  readonly residentBytes: number;
  /** After all garbage was collected, where the server was told to do so. */
  readonly heapBytes?: number;
  readonly externalBytes?: number;
  /** From sending the newest frame of a chunk to the chunk on a lane, and from there to its audio on the way back. */
  readonly toLaneMs?: Percentiles;
  readonly fromLaneMs?: Percentiles;
  /** From being spoken to being played. */
  readonly heardMs?: Percentiles;
  /** From the frame that makes it sure that the caller speaks to StopAudio. */
  readonly stopMs?: Percentiles;
  readonly gcMsPerSecond?: number;
  readonly gcMaxMs?: number;
  /** Share of the frames sent that came back. */
  readonly heardShare: number;
  /** How late the load itself was, at the 99th percentile, and how busy. */
  readonly loadLateMs: number;
  readonly loadCpuShare: number;
  /**
   * What all else on the machine used, in cores: processes that do not belong to the measurement, Web PubSub where
   * there is one, and the kernel's own work.
   */
  readonly othersCpuShare?: number;
  /** Per call and minute. */
  readonly laneMessages: number;
  readonly laneUnits: number;
  readonly laneBytes: number;
}

/** Audio that is later than this is not in time: a frame lasts as long. */
export const LATE_MS = 20;
/** Beyond this the load is what is measured, and the step says nothing of the server's lateness. */
export const LOAD_LATE_MS = 10;
const STEPS_TO_END = 2;

/** Busier than this a process cannot be expected to keep up, on a core that it may share with others. */
const BUSY_SHARE = 0.85;
/** A server that gives back less has lost its way. */
const LEAST_HEARD = 0.8;

export type RampEnd =
  /** The server was late and busy, or lost audio: `calls` is what it carries. */
  | 'late'
  /** The core of the load and of Web PubSub came to its end first: the server carries at least `calls`. */
  | 'load is full'
  | 'no more steps';

export interface Ramp {
  readonly end: RampEnd;
  /** The largest number of calls in time; 0 when there was none. */
  readonly calls: number;
  /** Steps nearest to a quarter, half and three quarters of that. */
  readonly quarters: readonly Step[];
  readonly bytesPerCall: number;
  /** The step at the number of calls at which servers are compared: CPU time can be told even where lateness cannot. */
  readonly reference: Step;
}

/**
 * Why a ramp is over after these steps; undefined while it is not. One bad step may be noise of the machine, two in a
 * row are the end; steps that are late while nobody is busy are somebody else's doing, and the ramp goes on.
 */
export function endOf(steps: readonly Step[]): RampEnd | undefined {
  const last = steps.slice(-STEPS_TO_END);
  if (last.length < STEPS_TO_END || last.some(isInTime)) return undefined;
  if (last.every(({ loadCpuShare }) => loadCpuShare > BUSY_SHARE)) return 'load is full';
  const isSpent = last.every(({ cpuShare, heardShare }) => cpuShare > BUSY_SHARE || heardShare < LEAST_HEARD);
  return isSpent ? 'late' : undefined;
}

/** @throws Error when there is no step */
export function summarize(steps: readonly Step[], idleBytes: number, referenceCalls: number): Ramp {
  const [first] = steps;
  if (first === undefined) throw new Error('a ramp has at least one step');
  const end = endOf(steps) ?? 'no more steps';
  const inTime = steps.filter(isInTime);
  const calls = inTime.at(-1)?.calls ?? 0;
  const reference = nearest(steps, referenceCalls) ?? first;
  return {
    end,
    calls,
    quarters: [0.25, 0.5, 0.75].map((share) => nearest(inTime, calls * share) ?? first),
    bytesPerCall: (reference.residentBytes - idleBytes) / reference.calls,
    reference,
  };
}

function nearest(steps: readonly Step[], calls: number): Step | undefined {
  const distance = (step: Step): number => Math.abs(step.calls - calls);
  return steps.toSorted((a, b) => distance(a) - distance(b))[0];
}

/** Cores. The kernel itself takes about a tenth of one. */
const DISTURBED_SHARE = 0.35;

/** Somebody else needed the machine, or the load itself was late. */
export function isDisturbed({ loadLateMs, othersCpuShare = 0 }: Step): boolean {
  return loadLateMs > LOAD_LATE_MS || othersCpuShare > DISTURBED_SHARE;
}

function isInTime({ p99Ms, loadLateMs }: Step): boolean {
  return p99Ms <= LATE_MS && loadLateMs <= LOAD_LATE_MS;
}

/** The middle one; the lower of the two where their number is even. @throws Error when there is none */
export function median(values: readonly number[]): number {
  const middle = values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
  if (middle === undefined) throw new Error('there is no median of nothing');
  return middle;
}
