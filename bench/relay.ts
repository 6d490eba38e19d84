/**
 * What the relay costs, beside other servers on the same frames: `npm run bench -- relay [--smoke] [--rounds 5] [--servers ws,relay] [--json file]`.
 * The server runs on one core; streams, worker and Web PubSub run on another. In each round every server gets more and more calls until
 * its audio is late; the servers take turns, so that noise of the machine meets all of them, and medians of the rounds are told.
 */
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { PinnedProcess } from './acs/pinned-process.ts';
import {
  hasPythonWebSockets,
  LOAD_CORE,
  type MeasuredServer,
  SERVER_CORE,
  startNodeServer,
  startPythonServer,
} from './relay/measured-server.ts';
import type { Grown, Listening, LoadMeasured, Prepared } from './relay/messages.ts';
import { endOf, median, type Ramp, type Step, summarize } from './relay/ramp.ts';
import { formatTable, type ServerResult } from './relay/table.ts';

const SERVERS = ['ws', 'quickstart', 'websockets', 'relay-media', 'relay'] as const;
type ServerName = (typeof SERVERS)[number];

interface Plan {
  readonly rounds: number;
  readonly servers: readonly ServerName[];
  readonly calls: Readonly<Record<ServerName, readonly number[]>>;
  /** Where the servers' use is compared. */
  readonly referenceCalls: Readonly<Record<ServerName, number>>;
  readonly warmUpMs: number;
  readonly settleMs: number;
  readonly measureMs: number;
}

const LEVELS = [25, 50, 100, 200, 300, 400, 500, 600, 700, 800, 1_000];

const FULL: Plan = {
  rounds: 5,
  servers: SERVERS,
  calls: {
    ws: LEVELS,
    quickstart: LEVELS,
    websockets: LEVELS,
    'relay-media': LEVELS,
    // What follows the relay shares the core of the load, and is at its end long before the relay.
    relay: [10, 20, 30, 50, 70, 100, 140, 200, 250],
  },
  referenceCalls: { ws: 200, quickstart: 200, websockets: 100, 'relay-media': 200, relay: 50 },
  warmUpMs: 800,
  settleMs: 150,
  measureMs: 700,
};

const FEW = [4, 8];
const SMOKE: Plan = {
  rounds: 1,
  servers: SERVERS,
  calls: { ws: FEW, quickstart: FEW, websockets: FEW, 'relay-media': FEW, relay: FEW },
  referenceCalls: { ws: 8, quickstart: 8, websockets: 8, 'relay-media': 8, relay: 8 },
  warmUpMs: 300,
  settleMs: 100,
  measureMs: 500,
};
/** Share of the frames that must have come back in the smoke mode; a chunk may still be under way. */
const LEAST_HEARD = 0.6;

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      smoke: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      servers: { type: 'string' },
      json: { type: 'string' },
    },
  });
  const base = values.smoke ? SMOKE : FULL;
  const wanted: Plan = {
    ...base,
    ...(values.rounds && { rounds: positive('--rounds', values.rounds) }),
    ...(values.servers && { servers: values.servers.split(',').map(serverName) }),
  };
  const servers = wanted.servers.filter((name) => name !== 'websockets' || hasPythonWebSockets());
  process.stdout.write(`${machine()}\n`);
  if (servers.length < wanted.servers.length)
    process.stdout.write(
      'websockets: not measured, since python3 with the package websockets is not here.\n',
    );
  const { results, steps } = await measureAll({ ...wanted, servers });
  process.stdout.write(`\n${formatTable(results)}\n`);
  if (values.json !== undefined)
    await writeFile(values.json, `${JSON.stringify({ machine: machine(), results, steps }, null, 2)}\n`);
  return values.smoke ? judgeSmoke(steps) : 0;
}

type NamedStep = Step & { readonly server: ServerName; readonly round: number };

async function measureAll(plan: Plan): Promise<{ results: ServerResult[]; steps: NamedStep[] }> {
  const ramps = new Map<ServerName, Ramp[]>();
  const all: NamedStep[] = [];
  for (let round = 1; round <= plan.rounds; round++) {
    for (const server of plan.servers) {
      const { ramp, steps } = await measureRamp(server, plan);
      ramps.set(server, [...(ramps.get(server) ?? []), ramp]);
      all.push(...steps.map((step) => ({ server, round, ...step })));
      process.stdout.write(
        `round ${round}, ${server}: ${ramp.calls} calls in time (${ramp.end}), ${ramp.reference.cpuMicrosecondsPerFrame.toFixed(1)} µs a frame with ${ramp.reference.calls} calls, load ${(loadavg()[0] ?? 0).toFixed(1)}\n`,
      );
    }
  }
  return { results: [...ramps].map(([server, rounds]) => resultOf(server, rounds)), steps: all };
}

async function measureRamp(name: ServerName, plan: Plan): Promise<{ ramp: Ramp; steps: Step[] }> {
  const load = new PinnedProcess(new URL('relay/load.ts', import.meta.url), LOAD_CORE);
  const service = new PinnedProcess(new URL('relay/web-pubsub-process.ts', import.meta.url), LOAD_CORE);
  let server: MeasuredServer | undefined;
  try {
    load.send({ type: 'prepare' });
    service.send(await load.next<Prepared>());
    const { url: webPubSub } = await service.next<Listening>();
    server = name === 'websockets' ? await startPythonServer() : await startNodeServer(name, webPubSub);
    const idleBytes = (await server.usage()).residentBytes;
    const steps: Step[] = [];
    let isStuck = false;
    for (const calls of plan.calls[name]) {
      const settleMs = steps.length === 0 ? plan.warmUpMs : plan.settleMs;
      load.send({ type: 'grow', url: server.url, path: pathOf(name), calls, settleMs });
      isStuck = !(await load.next<Grown>()).isComplete;
      if (isStuck) break;
      steps.push(await measureStep(load, server, calls, plan.measureMs));
      if (endOf(steps) !== undefined) break;
    }
    const ramp = summarize(steps, idleBytes, plan.referenceCalls[name]);
    return { ramp: isStuck ? { ...ramp, end: 'late' } : ramp, steps };
  } finally {
    load.stop();
    server?.stop();
    service.stop();
  }
}

function pathOf(name: ServerName): 'plain' | 'relay' {
  return name === 'relay' || name === 'relay-media' ? 'relay' : 'plain';
}

async function measureStep(
  load: PinnedProcess,
  server: MeasuredServer,
  calls: number,
  measureMs: number,
): Promise<Step> {
  await server.reset();
  load.send({ type: 'measure', measureMs });
  const measured = await load.next<LoadMeasured>();
  const usage = await server.usage();
  const perCallMinute = 60_000 / measured.elapsedMs / calls;
  const framesPerMs = measured.framesSent / measured.elapsedMs;
  return {
    calls,
    p50Ms: measured.latencyMs.p50,
    p99Ms: measured.latencyMs.p99,
    cpuShare: usage.cpuShare,
    cpuMicrosecondsPerFrame: (usage.cpuShare * 1_000) / framesPerMs,
    residentBytes: usage.residentBytes,
    ...(usage.gcMsPerSecond === undefined ? {} : { gcMsPerSecond: usage.gcMsPerSecond }),
    ...(usage.gcPauseMs === undefined ? {} : { gcMaxMs: usage.gcPauseMs.max }),
    heardShare: measured.framesHeard / measured.framesSent,
    loadLateMs: measured.ownLatenessMs.p99,
    loadCpuShare: measured.ownCpuShare,
    laneMessages: measured.lanes.messages * perCallMinute,
    laneUnits: measured.lanes.units * perCallMinute,
    laneBytes: measured.lanes.bytes * perCallMinute,
  };
}

function resultOf(server: ServerName, ramps: readonly Ramp[]): ServerResult {
  const middle = (of: (ramp: Ramp) => number): number => median(ramps.map(of));
  const atQuarter = (quarter: number, of: (step: Step) => number): number =>
    middle(({ quarters }) => {
      const step = quarters[quarter];
      return step === undefined ? Number.NaN : of(step);
    });
  const reference = (of: (step: Step) => number): number => middle((ramp) => of(ramp.reference));
  return {
    server,
    calls: middle(({ calls }) => calls),
    isAtLeast: ramps.some(({ end }) => end !== 'late'),
    quarters: [0, 1, 2].map((quarter) => ({
      calls: atQuarter(quarter, ({ calls }) => calls),
      p50Ms: atQuarter(quarter, ({ p50Ms }) => p50Ms),
      p99Ms: atQuarter(quarter, ({ p99Ms }) => p99Ms),
    })),
    referenceCalls: reference(({ calls }) => calls),
    cpuMicrosecondsPerFrame: reference((step) => step.cpuMicrosecondsPerFrame),
    cpuShare: reference(({ cpuShare }) => cpuShare),
    bytesPerCall: middle(({ bytesPerCall }) => bytesPerCall),
    gcMsPerSecond: reference(({ gcMsPerSecond }) => gcMsPerSecond ?? Number.NaN),
    gcMaxMs: reference(({ gcMaxMs }) => gcMaxMs ?? Number.NaN),
    laneMessages: reference(({ laneMessages }) => laneMessages),
    laneUnits: reference(({ laneUnits }) => laneUnits),
  };
}

function judgeSmoke(steps: readonly NamedStep[]): number {
  const bad = steps.filter(({ heardShare }) => !(heardShare >= LEAST_HEARD));
  for (const { server, calls, heardShare } of bad) {
    process.stdout.write(
      `FAILED: ${server} with ${calls} calls gave back ${Math.round(heardShare * 100)} % of the frames.\n`,
    );
  }
  return bad.length === 0 ? 0 : 1;
}

function machine(): string {
  const load = loadavg().map((each) => each.toFixed(1));
  const pinning = PinnedProcess.canPin
    ? `server on core ${SERVER_CORE}, load on core ${LOAD_CORE}`
    : 'not pinned to cores (no taskset)';
  return `${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.version}, ${pinning}; load ${load.join(' ')} (1, 5, 15 min)`;
}

function serverName(text: string): ServerName {
  const found = SERVERS.find((name) => name === text);
  if (found === undefined) throw new Error(`--servers must be some of ${SERVERS.join(',')}, not ${text}`);
  return found;
}

function positive(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`${option} must be a whole number above 0, not ${text}`);
  return number;
}
