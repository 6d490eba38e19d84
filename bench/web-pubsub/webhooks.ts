/**
 * How many user events a second the Web PubSub emulator takes to an event handler:
 * `npm run bench -- web-pubsub --webhooks [--smoke] [--clients 64] [--rounds 5] [--seconds 5] [--json file]`. The
 * emulator runs on one core, clients and a trivial handler on another. Each client waits for the ack of its last event.
 * The second row of a round has clients besides whose events take the handler a second: they must delay nobody else.
 */
import { loadavg } from 'node:os';
import { DEFAULT_ACCESS_KEY } from '../../local/emulators/web-pubsub/service/server.ts';
import { readArguments } from '../../shared/base/command-line.ts';
import { describeMachine } from '../common/machine.ts';
import { benchCommand, takes, wholeNumberOption, writeJsonReport } from '../common/options.ts';
import { PinnedProcess } from '../common/pinned-process.ts';
import type { Connected, Listening, Measured, Usage } from './webhook-messages.ts';

/** Events a second on one core. */
const GOAL = 3_000;
const SERVICE_CORE = 0;
const LOAD_CORE = 1;
const PINNING = `emulator on core ${SERVICE_CORE}, clients and handler on core ${LOAD_CORE}`;
const BYTES = 640;
const SLOW_CLIENTS = 50;

const FULL = { clients: 64, rounds: 5, warmUpMs: 1_500, measureMs: 5_000 } as const;
const SMOKE = { clients: 8, rounds: 1, warmUpMs: 200, measureMs: 500 } as const;

interface Row {
  readonly slowClients: number;
  readonly eventsPerSecond: number;
  readonly roundTripMs: Measured['roundTripMs'];
  readonly cpuMicrosecondsPerEvent: number;
  readonly cpuShare: number;
}

const BENCH = benchCommand(
  'web-pubsub --webhooks',
  'Measures user events of the Web PubSub emulator, up to their handler and back.',
  {
    webhooks: { type: 'boolean', default: true, help: 'measures user events' },
    clients: takes('N', 'clients (default 64)'),
    rounds: takes('N', 'rounds (default 5)'),
    seconds: takes('N', 'how long each is measured (default 5)'),
  },
);

export async function run(args: readonly string[]): Promise<number> {
  const { values } = readArguments(BENCH, args);
  const base = values.smoke ? SMOKE : FULL;
  const clients =
    values.clients === undefined ? base.clients : wholeNumberOption('--clients', values.clients);
  const rounds = values.rounds === undefined ? base.rounds : wholeNumberOption('--rounds', values.rounds);
  const measureMs =
    values.seconds === undefined ? base.measureMs : wholeNumberOption('--seconds', values.seconds) * 1_000;
  process.stdout.write(
    `${describeMachine(PINNING)}\n${clients} clients, events of ${BYTES} bytes\n\n${HEADINGS}\n`,
  );
  const rows: Row[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const slowClients of [0, SLOW_CLIENTS]) {
      const row = await measureOnce({ clients, slowClients, warmUpMs: base.warmUpMs, measureMs });
      rows.push(row);
      process.stdout.write(`${written(row)}\n`);
    }
  }
  await writeJsonReport(values.json, { machine: describeMachine(PINNING), clients, rows });
  if (rows.some(({ eventsPerSecond }) => eventsPerSecond === 0)) {
    process.stdout.write('FAILED: no event was acknowledged.\n');
    return 1;
  }
  if (!values.smoke) tellGoal(rows);
  return 0;
}

async function measureOnce(plan: {
  readonly clients: number;
  readonly slowClients: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}): Promise<Row> {
  const service = new PinnedProcess(new URL('webhook-service.ts', import.meta.url), SERVICE_CORE);
  const load = new PinnedProcess(new URL('webhook-load.ts', import.meta.url), LOAD_CORE);
  try {
    const { url: handlerUrl } = await load.next<Listening>();
    service.send({ type: 'start', handlerUrl });
    const { url } = await service.next<Listening>();
    const { clients, slowClients } = plan;
    load.send({ type: 'connect', url, accessKey: DEFAULT_ACCESS_KEY, clients, slowClients, bytes: BYTES });
    await load.next<Connected>();
    await new Promise((resolve) => setTimeout(resolve, plan.warmUpMs));
    service.send({ type: 'reset' });
    load.send({ type: 'measure', measureMs: plan.measureMs });
    const measured = await load.next<Measured>();
    service.send({ type: 'usage' });
    const usage = await service.next<Usage>();
    return {
      slowClients,
      eventsPerSecond: (measured.events * 1_000) / measured.elapsedMs,
      roundTripMs: measured.roundTripMs,
      cpuMicrosecondsPerEvent: (usage.cpuMs * 1_000) / Math.max(1, measured.events),
      cpuShare: usage.cpuMs / usage.elapsedMs,
    };
  } finally {
    load.stop();
    service.stop();
  }
}

const HEADINGS = 'slow clients   events/s   p50       p99       max       CPU an event   of a core   load';

function written(row: Row): string {
  const ms = (value: number): string => `${value.toFixed(1)} ms`.padEnd(10);
  return [
    String(row.slowClients).padEnd(15),
    String(Math.round(row.eventsPerSecond)).padEnd(11),
    ms(row.roundTripMs.p50),
    ms(row.roundTripMs.p99),
    ms(row.roundTripMs.max),
    `${row.cpuMicrosecondsPerEvent.toFixed(0)} µs`.padEnd(15),
    `${Math.round(row.cpuShare * 100)} %`.padEnd(12),
    (loadavg()[0] ?? 0).toFixed(1),
  ].join('');
}

function tellGoal(rows: readonly Row[]): void {
  const medians = [0, SLOW_CLIENTS].map((slow) =>
    median(rows.filter(({ slowClients }) => slowClients === slow).map((row) => row.eventsPerSecond)),
  );
  const [plain = 0, beside = 0] = medians;
  process.stdout.write(
    `\nGoal of ${GOAL} events a second: ${plain >= GOAL ? 'met' : 'not met'} (median ${Math.round(plain)}; ` +
      `beside ${SLOW_CLIENTS} clients with a slow handler ${Math.round(beside)}).\n`,
  );
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
