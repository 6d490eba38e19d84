/** Memory of processes over time, and whether it stays flat. Linux only: it is read from `/proc`. */
import { readFile } from 'node:fs/promises';

export interface MemorySample {
  readonly atMs: number;
  /** Resident, in bytes, by the name of the process. */
  readonly bytes: Readonly<Record<string, number>>;
}

export interface Growth {
  readonly name: string;
  /** Medians of the first and of the last third of the time after `WARM_UP_MS`. */
  readonly earlyBytes: number;
  readonly lateBytes: number;
  readonly isFlat: boolean;
}

/** What a process may grow by without growing: its heap breathes. */
const SLACK_BYTES = 16 * 1024 * 1024;
const SLACK_SHARE = 0.1;
/** Heaps, code caches and connections settle in the first minutes; what is used then says nothing. */
export const WARM_UP_MS = 4 * 60_000;
/** Fewer samples in a third say nothing. */
export const LEAST_SAMPLES = 6;

/** Undefined where there is no `/proc`, or the process is gone. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** For each process; none while there are too few samples to tell. */
export function growthOf(all: readonly MemorySample[]): Growth[] {
  const samples = all.filter(({ atMs }) => atMs >= WARM_UP_MS);
  const third = Math.floor(samples.length / 3);
  if (third < LEAST_SAMPLES) return [];
  const names = Object.keys(samples[0]?.bytes ?? {});
  return names.map((name) => {
    const median = (from: number): number => {
      const values = samples.slice(from, from + third).map(({ bytes }) => bytes[name] ?? 0);
      return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
    };
    const earlyBytes = median(0);
    const lateBytes = median(samples.length - third);
    return {
      name,
      earlyBytes,
      lateBytes,
      isFlat: lateBytes <= earlyBytes * (1 + SLACK_SHARE) + SLACK_BYTES,
    };
  });
}
