/**
 * What the Web PubSub emulator passes on a second, how late, and what a connection costs in memory:
 * `npm run bench -- web-pubsub [--smoke] [--pairs 500] [--rounds 3] [--seconds 5] [--json file]
 *   [--variants bare,raw,protobuf,json]`.
 * Clients are in groups of two; what one publishes the other hears. Server and clients have a core each. In the same
 * round a relay of the `ws` library alone does the same, the bare bound of what Node and `ws` can do. Each server is
 * first saturated (each client has messages under way all the time), then loaded with half of what it passed on, for
 * the latency. `--webhooks` measures user events instead; its options are in `web-pubsub/webhooks.ts`.
 */
import { loadavg } from 'node:os';
import { readArguments } from '../../shared/base/command-line.ts';
import { describeMachine } from '../common/machine.ts';
import { benchCommand, takes, wholeNumberOption, writeJsonReport } from '../common/options.ts';
import { PinnedProcess } from '../common/pinned-process.ts';
import type { Connected, Listening, Measured, Measuring, Usage, Variant } from './fan-out-messages.ts';

/** What the emulator is meant to do, with protobuf. */
const GOAL = { shareOfBare: 0.7, p99Ms: 5, kilobytesPerConnection: 40 } as const;

const VARIANTS: readonly Variant[] = ['bare', 'raw', 'protobuf', 'json'];
const FULL = { pairs: 500, rounds: 3, warmUpMs: 1_000, measureMs: 5_000 } as const;
const SMOKE = { pairs: 10, rounds: 1, warmUpMs: 100, measureMs: 400 } as const;
const PAYLOAD_BYTES = 2_048;
/** Messages of each client under way when the server is saturated. */
const WINDOW = 2;
const SERVER_CORE = 0;
const LOAD_CORE = 1;
const PINNING = 'server and clients on a core each';

interface Row {
  readonly variant: Variant;
  readonly messagesPerSecond: number;
  /** Of the server, over the saturated measurement: what it would pass on with a whole core to itself. */
  readonly messagesPerCpuSecond: number;
  readonly serverCpuShare: number;
  readonly loadCpuShare: number;
  /** With half of `messagesPerSecond`. */
  readonly latencyMs: Measured['latencyMs'];
  /** Share of the time in which the server could have run and another process had its core, meanwhile. */
  readonly waitedShare: number | undefined;
  /** The same of the load. */
  readonly loadWaitedShare: number | undefined;
  readonly bytesPerConnection: number;
}

interface Plan {
  readonly pairs: number;
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

const BENCH = benchCommand(
  'web-pubsub',
  'Measures the Web PubSub emulator: messages through groups, or with --webhooks user events.',
  {
    pairs: takes('N', 'pairs of clients (default 500)'),
    rounds: takes('N', 'rounds (default 3)'),
    seconds: takes('N', 'how long each is measured (default 5)'),
    variants: { ...takes('NAME,NAME', 'subprotocols (default all)'), default: VARIANTS.join(',') },
  },
);

export async function run(args: readonly string[]): Promise<number> {
  if (args.includes('--webhooks')) return await (await import('./webhooks.ts')).run(args);
  const { values } = readArguments(BENCH, args);
  const base: Plan = values.smoke ? SMOKE : FULL;
  const plan: Plan = {
    ...base,
    ...(values.pairs && { pairs: wholeNumberOption('--pairs', values.pairs) }),
    ...(values.rounds && { rounds: wholeNumberOption('--rounds', values.rounds) }),
    ...(values.seconds && { measureMs: wholeNumberOption('--seconds', values.seconds) * 1_000 }),
  };
  const variants = VARIANTS.filter((variant) => values.variants.split(',').includes(variant));
  process.stdout.write(
    `${describeMachine(PINNING)}\n${plan.pairs * 2} clients, messages of ${PAYLOAD_BYTES} bytes\n\n${HEADINGS}\n`,
  );
  const rows: Row[] = [];
  for (let round = 0; round < plan.rounds; round += 1) {
    for (const variant of variants) {
      const row = await measureOnce(variant, plan);
      rows.push(row);
      process.stdout.write(`${written(row)}\n`);
    }
  }
  await writeJsonReport(values.json, { machine: describeMachine(PINNING), plan, rows });
  const silent = rows.find(({ messagesPerSecond }) => messagesPerSecond === 0);
  if (silent !== undefined) {
    process.stdout.write(`FAILED: no message arrived over ${silent.variant}.\n`);
    return 1;
  }
  if (!values.smoke) tellGoal(rows);
  return 0;
}

async function measureOnce(variant: Variant, plan: Plan): Promise<Row> {
  const server = new PinnedProcess(new URL('fan-out-server.ts', import.meta.url), SERVER_CORE, [
    '--expose-gc',
    '--single-threaded-gc',
  ]);
  const load = new PinnedProcess(new URL('fan-out-load.ts', import.meta.url), LOAD_CORE, [
    '--single-threaded-gc',
  ]);
  const waited = (start: Usage, end: Usage, elapsedMs: number): number | undefined =>
    start.waitedMs === undefined || end.waitedMs === undefined
      ? undefined
      : (end.waitedMs - start.waitedMs) / elapsedMs;
  const usage = async (collect: boolean): Promise<Usage> => {
    server.send({ type: 'usage', collect });
    return await server.next<Usage>();
  };
  try {
    server.send({ type: 'start', bare: variant === 'bare' });
    const { port, accessKey } = await server.next<Listening>();
    const before = await usage(true);
    const { pairs, warmUpMs, measureMs } = plan;
    load.send({ type: 'connect', variant, port, accessKey, pairs, payloadBytes: PAYLOAD_BYTES });
    await load.next<Connected>();
    const idle = await usage(true);
    const over = async (
      request: object,
    ): Promise<{ measured: Measured; cpuMicroseconds: number; waitedShare: number | undefined }> => {
      load.send({ ...request, warmUpMs, measureMs });
      await load.next<Measuring>();
      const start = await usage(false);
      const measured = await load.next<Measured>();
      const end = await usage(false);
      return {
        measured,
        cpuMicroseconds: end.cpuMicroseconds - start.cpuMicroseconds,
        waitedShare: waited(start, end, measured.elapsedMs),
      };
    };
    const saturated = await over({ type: 'saturate', window: WINDOW });
    const { messages, elapsedMs, loadCpuShare } = saturated.measured;
    const messagesPerSecond = (messages * 1_000) / elapsedMs;
    const paced = await over({ type: 'pace', messagesPerSecond: messagesPerSecond / 2 });
    return {
      variant,
      messagesPerSecond,
      messagesPerCpuSecond: (messages * 1_000_000) / saturated.cpuMicroseconds,
      serverCpuShare: saturated.cpuMicroseconds / 1_000 / elapsedMs,
      loadCpuShare,
      latencyMs: paced.measured.latencyMs,
      waitedShare: paced.waitedShare,
      loadWaitedShare: paced.measured.loadWaitedShare,
      bytesPerConnection: (idle.memoryBytes - before.memoryBytes) / (pairs * 2),
    };
  } finally {
    load.stop();
    server.stop();
  }
}

const HEADINGS =
  "variant    messages/s   a core's/s   server   load    at half: p50   p99       max       waited (server, load)   KB a client   load";

function written(row: Row): string {
  const ms = (value: number): string => `${value.toFixed(1)} ms`.padEnd(10);
  const percent = (value: number): string => `${Math.round(value * 100)} %`;
  return [
    row.variant.padEnd(11),
    String(Math.round(row.messagesPerSecond)).padEnd(13),
    String(Math.round(row.messagesPerCpuSecond)).padEnd(13),
    percent(row.serverCpuShare).padEnd(9),
    percent(row.loadCpuShare).padEnd(8),
    ms(row.latencyMs.p50).padEnd(15),
    ms(row.latencyMs.p99),
    ms(row.latencyMs.max),
    [row.waitedShare, row.loadWaitedShare]
      .map((share) => (share === undefined ? '?' : percent(share)))
      .join(', ')
      .padEnd(24),
    (row.bytesPerConnection / 1_024).toFixed(1).padEnd(14),
    (loadavg()[0] ?? 0).toFixed(1),
  ].join('');
}

function tellGoal(rows: readonly Row[]): void {
  const [bare, protobuf] = (['bare', 'protobuf'] as const).map((variant) =>
    rows.filter((row) => row.variant === variant),
  );
  if (bare === undefined || protobuf === undefined || bare.length === 0 || protobuf.length === 0) return;
  const share = median(protobuf, 'messagesPerCpuSecond') / median(bare, 'messagesPerCpuSecond');
  const p99 =
    [...protobuf].map(({ latencyMs }) => latencyMs.p99).sort((a, b) => a - b)[
      Math.floor(protobuf.length / 2)
    ] ?? 0;
  const kilobytes = median(protobuf, 'bytesPerConnection') / 1_024;
  const verdict = (met: boolean): string => (met ? 'met' : 'not met');
  process.stdout.write(
    `\nGoals for protobuf, medians of the rounds:\n` +
      `  ${share.toFixed(2)} of the bare relay's messages a core, at least ${GOAL.shareOfBare}: ${verdict(share >= GOAL.shareOfBare)}\n` +
      `  p99 of ${p99.toFixed(1)} ms at half load, below ${GOAL.p99Ms} ms: ${verdict(p99 < GOAL.p99Ms)}\n` +
      `  ${kilobytes.toFixed(1)} KB an idle client, below ${GOAL.kilobytesPerConnection} KB: ${verdict(kilobytes < GOAL.kilobytesPerConnection)}\n`,
  );
}

function median(rows: readonly Row[], member: 'messagesPerCpuSecond' | 'bytesPerConnection'): number {
  const sorted = rows.map((row) => row[member]).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
