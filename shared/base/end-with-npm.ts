/** A command ends with the npm that runs it: npm passes no SIGTERM on, and none at all when it is killed. */
import { readFileSync } from 'node:fs';

const LOOK_EVERY_MS = 500;

/**
 * Calls `stop` once when the npm that runs this process is gone. Does nothing where no npm does, so that a command in
 * the background outlives the terminal that started it.
 */
export function endWithNpm(stop: () => void): void {
  if (process.env['npm_lifecycle_event'] === undefined || process.send !== undefined) return;
  const chain = ancestors();
  const timer = setInterval(() => {
    if (isSame(chain)) return;
    clearInterval(timer);
    stop();
  }, LOOK_EVERY_MS);
  timer.unref();
}

interface Ancestors {
  readonly parent: number;
  /** npm, where the system says so: it runs scripts in a shell, which may stay when npm is gone. */
  readonly npm: number | undefined;
}

function ancestors(): Ancestors {
  return { parent: process.ppid, npm: parentOf(process.ppid) };
}

function isSame({ parent, npm }: Ancestors): boolean {
  if (process.ppid !== parent || !isAlive(parent)) return false;
  return npm === undefined || parentOf(parent) === npm;
}

/** Linux tells it in a file. Elsewhere the parent alone is watched. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in parentheses, may hold anything.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
