/** The results of the relay's measurement as a table. */

export interface ServerResult {
  readonly server: string;
  /** Most calls in time; `isAtLeast`: in some round the load came to its end first. */
  readonly calls: number;
  readonly isAtLeast: boolean;
  /** At a quarter, half and three quarters of these calls. */
  readonly quarters: readonly { readonly calls: number; readonly p50Ms: number; readonly p99Ms: number }[];
  /** Where the use of servers is compared: everything below is measured with so many calls. */
  readonly referenceCalls: number;
  readonly cpuMicrosecondsPerFrame: number;
  readonly cpuShare: number;
  readonly bytesPerCall: number;
  readonly gcMsPerSecond: number;
  readonly gcMaxMs: number;
  /** Per call and minute. */
  readonly laneMessages: number;
  readonly laneUnits: number;
}

const HEADINGS = [
  'server',
  'calls a core',
  'added ms p50/p99 at 25 %',
  '50 %',
  '75 %',
  'µs of CPU a frame',
  'of a core',
  'KB a call',
  'GC ms/s, longest',
  'lane messages, units per call-minute',
];

/** Markdown. */
export function formatTable(results: readonly ServerResult[]): string {
  const rows = [HEADINGS, HEADINGS.map(() => '---'), ...results.map(row)];
  return rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function row(result: ServerResult): string[] {
  const quarters = result.quarters.map(
    ({ calls, p50Ms, p99Ms }) => `${p50Ms.toFixed(1)}/${p99Ms.toFixed(1)} (${calls})`,
  );
  return [
    result.server,
    `${result.isAtLeast ? '≥ ' : ''}${result.calls}`,
    ...quarters,
    `${result.cpuMicrosecondsPerFrame.toFixed(1)} (${result.referenceCalls})`,
    `${Math.round(result.cpuShare * 100)} %`,
    (result.bytesPerCall / 1_024).toFixed(0),
    Number.isNaN(result.gcMaxMs) ? '–' : `${result.gcMsPerSecond.toFixed(1)}, ${result.gcMaxMs.toFixed(1)}`,
    result.laneMessages === 0 ? '–' : `${Math.round(result.laneMessages)}, ${Math.round(result.laneUnits)}`,
  ];
}
