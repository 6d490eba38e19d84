/** What one ramp says: more and more calls on a fresh server, until its audio is late. Pure. */

export interface Step {
  readonly calls: number;
  /** Added latency in milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuShare: number;
  readonly cpuMicrosecondsPerFrame: number;
  readonly residentBytes: number;
  readonly gcMsPerSecond?: number;
  readonly gcMaxMs?: number;
  /** Share of the frames sent that came back. */
  readonly heardShare: number;
  /** How late the load itself was, at the 99th percentile, and how busy. */
  readonly loadLateMs: number;
  readonly loadCpuShare: number;
  /** Per call and minute. */
  readonly laneMessages: number;
  readonly laneUnits: number;
  readonly laneBytes: number;
}

/** Audio that is later than this is not in time: a frame lasts as long. */
export const LATE_MS = 20;
/** Beyond this the load is what is measured, and the ramp ends. */
export const LOAD_LATE_MS = 10;
const STEPS_TO_END = 2;

export type RampEnd =
  /** The server was late: `calls` is what it carries. */
  | 'late'
  /** The load or the stand-in of Web PubSub came to its end first: the server carries at least `calls`. */
  | 'load is full'
  | 'no more steps';

export interface Ramp {
  readonly end: RampEnd;
  /** The largest number of calls in time; 0 when there was none. */
  readonly calls: number;
  /** Steps nearest to a quarter, half and three quarters of that. */
  readonly quarters: readonly Step[];
  readonly bytesPerCall: number;
}

/** Why a ramp is over after these steps; undefined while it is not. One bad step may be noise of the machine, two in a row are the end. */
export function endOf(steps: readonly Step[]): RampEnd | undefined {
  const last = steps.slice(-STEPS_TO_END);
  if (last.length < STEPS_TO_END || last.some(isInTime)) return undefined;
  return last.some(({ loadLateMs }) => loadLateMs > LOAD_LATE_MS) ? 'load is full' : 'late';
}

/** @throws Error when there is no step */
export function summarize(steps: readonly Step[], idleBytes: number): Ramp {
  const [first] = steps;
  if (first === undefined) throw new Error('a ramp has at least one step');
  const end = endOf(steps) ?? 'no more steps';
  const inTime = steps.filter(isInTime);
  const most = inTime.at(-1);
  if (most === undefined) return { end, calls: 0, quarters: [first, first, first], bytesPerCall: Number.NaN };
  const nearest = (calls: number): Step =>
    inTime.reduce((best, step) =>
      Math.abs(step.calls - calls) < Math.abs(best.calls - calls) ? step : best,
    );
  return {
    end,
    calls: most.calls,
    quarters: [0.25, 0.5, 0.75].map((share) => nearest(most.calls * share)),
    bytesPerCall: (most.residentBytes - idleBytes) / most.calls,
  };
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
