/** What the relay counts of a call. It has a report for each of the call's streams. */

/** What the relay counts of one worker on one call. */
export interface WorkerCounts {
  readonly name: string;
  readonly chunksSent: number;
  readonly chunksAcked: number;
  readonly chunksFailed: number;
  readonly lostMs: number;
  readonly droppedMs: number;
  readonly repliesPlayed: number;
  /** Texts. */
  readonly published: number;
  readonly ackedMs: number;
  readonly repliesPlayedMs: number;
  readonly repliesIgnoredMs: number;
  readonly repliesRefusedMs: number;
  readonly roundTripMs?: { readonly p50: number; readonly p99: number; readonly max: number };
  /** How long the caller waited for answers; of workers that converse. */
  readonly turns?: {
    readonly turns: number;
    readonly turnsAnswered: number;
    readonly speechLatencyMs: { readonly p50?: number; readonly p99?: number; readonly max?: number };
  };
}

/** Of all streams of a call together, as far as they are numbers; else of the newest. */
export interface RelayCounts {
  readonly callId: string;
  readonly callConnectionId: string;
  readonly state: string;
  /** How many streams the call has had at this relay. */
  readonly streams: number;
  readonly framesIn: number;
  readonly framesOut: number;
  readonly audioMsIn: number;
  readonly audioMsOut: number;
  readonly audioMsFiller: number;
  readonly audioMsDropped: number;
  readonly audioMsCut: number;
  readonly endedReason?: string;
  readonly ignored: Readonly<Record<string, number>>;
  readonly workers: readonly WorkerCounts[];
}

/** As the relay reports them. */
export type StreamCounts = Omit<RelayCounts, 'streams'>;

/** @param streams the newest first; undefined where there are none */
export function countsOfCall(streams: readonly StreamCounts[]): RelayCounts | undefined {
  const [newest, ...older] = streams;
  if (newest === undefined) return undefined;
  let counts = newest;
  for (const stream of older) {
    const ignored = withSums(counts.ignored, stream.ignored);
    counts = { ...withSums(counts, stream), ignored, workers: workersOf(counts, stream) };
  }
  const { state } = streams.find((stream) => stream.state !== 'ended') ?? newest;
  return { ...counts, state, streams: streams.length };
}

function workersOf(newer: StreamCounts, older: StreamCounts): WorkerCounts[] {
  const before = new Map(older.workers.map((worker) => [worker.name, worker]));
  const all = newer.workers.map((worker) => {
    const same = before.get(worker.name);
    before.delete(worker.name);
    return same === undefined ? worker : withSums(worker, same);
  });
  return [...all, ...before.values()];
}

/** Adds the numbers of the older; everything else is the newer's, unless only the older has it. */
function withSums<Counts extends object>(newer: Counts, older: Counts): Counts {
  const sums = Object.entries(older).flatMap(([name, value]): [string, unknown][] => {
    const own = (newer as Record<string, unknown>)[name];
    return typeof value === 'number' && typeof own === 'number' && !name.endsWith('AtMs')
      ? [[name, own + value]]
      : [];
  });
  return { ...older, ...newer, ...Object.fromEntries(sums) };
}
