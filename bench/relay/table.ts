/**
 * The results of the relay's measurement as tables in Markdown: medians of all rounds of a server under the same label.
 */
import { median, type Ramp, type Step } from './ramp.ts';
import type { Round } from './records.ts';

const FRAMES_PER_SECOND = 50;
const MICROSECONDS = 1_000_000;

type Of<M extends Round['measure']> = Extract<Round, { measure: M }>;

export function formatTables(rounds: readonly Round[]): string {
  const tables = [
    table('Calls a core', capacityHeadings, grouped(only(rounds, 'capacity')).map(capacityRow)),
    table('Latency', latencyHeadings, grouped(only(rounds, 'latency')).map(latencyRow)),
    table('Barge-in', bargeInHeadings, grouped(only(rounds, 'barge-in')).map(bargeInRow)),
    table('Memory', memoryHeadings, grouped(only(rounds, 'memory')).map(memoryRow)),
  ];
  return tables.filter((each) => each !== '').join('\n');
}

function only<M extends Round['measure']>(rounds: readonly Round[], measure: M): Of<M>[] {
  return rounds.filter((round): round is Of<M> => round.measure === measure);
}

/** Rounds of the same server and label together, in the order of their first. */
function grouped<R extends Round>(rounds: readonly R[]): R[][] {
  return [...Map.groupBy(rounds, nameOf).values()];
}

function nameOf({ server, label }: Round): string {
  return label === '' ? server : `${server}, ${label}`;
}

function table(title: string, headings: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const lines = [headings, headings.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `${title}\n\n${lines.join('\n')}\n`;
}

const capacityHeadings = [
  'server',
  'rounds',
  'calls a core (lowest – highest)',
  'µs of CPU a frame',
  'calls a core by CPU',
  'of a core',
  'p50/p99 ms at half of its calls',
  'GC ms/s, longest',
  'lane messages, units, KB per call-minute',
];

function capacityRow(rounds: Of<'capacity'>[]): string[] {
  const ramps = rounds.map(({ ramp }) => ramp);
  const middle = (of: (ramp: Ramp) => number | undefined): number =>
    median(ramps.map((ramp) => of(ramp) ?? 0));
  const calls = ramps.map((ramp) => ramp.calls);
  const micros = middle(({ reference }) => reference.cpuMicrosecondsPerFrame);
  const isAtLeast = ramps.some(({ end }) => end !== 'late');
  return [
    nameOf(first(rounds)),
    String(rounds.length),
    `${isAtLeast ? '≥ ' : ''}${median(calls)} (${Math.min(...calls)} – ${Math.max(...calls)})`,
    `${micros.toFixed(1)} (${middle(({ reference }) => reference.calls)} calls)`,
    String(Math.round(MICROSECONDS / FRAMES_PER_SECOND / micros)),
    `${Math.round(100 * middle(({ reference }) => reference.cpuShare))} %`,
    `${middle(({ quarters }) => quarters[1]?.p50Ms).toFixed(2)}/${middle(({ quarters }) => quarters[1]?.p99Ms).toFixed(1)} (${middle(({ quarters }) => quarters[1]?.calls)})`,
    `${middle(({ reference }) => reference.gcMsPerSecond).toFixed(1)}, ${middle(({ reference }) => reference.gcMaxMs).toFixed(1)}`,
    `${Math.round(middle(({ reference }) => reference.laneMessages))}, ${Math.round(middle(({ reference }) => reference.laneUnits))}, ${Math.round(middle(({ reference }) => reference.laneBytes) / 1_024)}`,
  ];
}

const latencyHeadings = [
  'server',
  'rounds',
  'calls',
  'of a core',
  'frame to lane p50/p99 ms',
  'lane to ACS p50/p99 ms',
  'both and the answer p50/p99 ms',
  'spoken to heard p50/p99 ms',
  'load late p99 ms',
];

function latencyRow(rounds: Of<'latency'>[]): string[] {
  const middle = middleOf(rounds.map(({ step }) => step));
  return [
    nameOf(first(rounds)),
    String(rounds.length),
    String(middle(({ calls }) => calls)),
    `${Math.round(100 * middle(({ cpuShare }) => cpuShare))} %`,
    pair(middle, ({ toLaneMs }) => toLaneMs),
    pair(middle, ({ fromLaneMs }) => fromLaneMs),
    `${middle(({ p50Ms }) => p50Ms).toFixed(2)} / ${middle(({ p99Ms }) => p99Ms).toFixed(1)}`,
    pair(middle, ({ heardMs }) => heardMs),
    middle(({ loadLateMs }) => loadLateMs).toFixed(1),
  ];
}

const bargeInHeadings = [
  'server',
  'rounds',
  'calls',
  'interruptions',
  'speech to StopAudio p50/p99 ms',
  'longest',
];

function bargeInRow(rounds: Of<'barge-in'>[]): string[] {
  const middle = middleOf(rounds.map(({ step }) => step));
  return [
    nameOf(first(rounds)),
    String(rounds.length),
    String(middle(({ calls }) => calls)),
    String(middle(({ stopMs }) => stopMs?.count)),
    pair(middle, ({ stopMs }) => stopMs),
    middle(({ stopMs }) => stopMs?.max).toFixed(1),
  ];
}

const memoryHeadings = [
  'server',
  'rounds',
  'calls',
  'KB a call, resident',
  'heap',
  'external',
  'MB without calls',
];

function memoryRow(rounds: Of<'memory'>[]): string[] {
  const memories = rounds.map(({ memory }) => memory);
  const { from, to } = first(memories);
  const kilobytes = (of: (memory: (typeof memories)[number]) => number): string =>
    (median(memories.map(of)) / 1_024).toFixed(0);
  return [
    nameOf(first(rounds)),
    String(rounds.length),
    `${from} to ${to}`,
    kilobytes(({ residentBytes }) => residentBytes),
    kilobytes(({ heapBytes }) => heapBytes),
    kilobytes(({ externalBytes }) => externalBytes),
    (median(memories.map(({ idleBytes }) => idleBytes)) / 1_048_576).toFixed(0),
  ];
}

type Middle = (of: (step: Step) => number | undefined) => number;

function middleOf(steps: readonly Step[]): Middle {
  return (of) => median(steps.map((step) => of(step) ?? 0));
}

function pair(middle: Middle, of: (step: Step) => Step['toLaneMs']): string {
  return `${middle((step) => of(step)?.p50).toFixed(2)} / ${middle((step) => of(step)?.p99).toFixed(1)}`;
}

function first<T>(values: readonly T[]): T {
  const [value] = values;
  if (value === undefined) throw new Error('a group has at least one round');
  return value;
}
