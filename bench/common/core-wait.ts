import { readFileSync } from 'node:fs';

/** Milliseconds that the main thread has waited for a core so far (Linux, `schedstat`); undefined elsewhere. */
export function waitedForCoreMs(): number | undefined {
  try {
    const [, nanoseconds] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ');
    return Number(nanoseconds) / 1_000_000;
  } catch {
    return undefined;
  }
}
