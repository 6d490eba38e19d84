import { cpus, loadavg } from 'node:os';
import { PinnedProcess } from './pinned-process.ts';

/**
 * Where a measurement was made, in one line: cores and their model, the version of Node, and how busy the machine was.
 *
 * @param pinning which process has which core, for a measurement that pins them; where cores cannot be had, that is
 *   said instead
 */
export function describeMachine(pinning?: string): string {
  const parts = [`${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}`, `Node ${process.version}`];
  if (pinning !== undefined) parts.push(PinnedProcess.canPin ? pinning : 'not pinned to cores (no taskset)');
  const load = loadavg().map((each) => each.toFixed(1));
  return `${parts.join(', ')}; load ${load.join(' ')} (1, 5, 15 min)`;
}
