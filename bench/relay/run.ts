/**
 * What the relay costs, beside other servers on the same frames:
 * `npm run bench -- relay [--measure capacity,latency,barge-in,memory] [--servers ws,relay] [--rounds 5]
 *   [--to file] [--report file]`.
 *
 * The server runs on one core; streams, lanes and worker run on another. Servers take turns in each round, so that
 * noise of the machine meets all of them, and the report shows the medians of the rounds. `--to` adds each round to a
 * file, so that rounds can be spread over many runs, and `--report` tells what is in such a file, without measuring.
 *
 * Variants: `--label` names one; `--settings JITTER_BUFFER_MS=0,…` of the relay; `--chunk-ms 60`; `--codec pcmu`;
 * `--listen utterance`; `--flags=--single-threaded-gc` of Node, and `--runtime path` another program than this Node,
 * both for the server alone. `--calls` is the number of calls of a measure with a steady one, or the levels of
 * capacity.
 */
import { RELAY_NODE_ARGS } from '../../local/run/stack/specs.ts';
import { type Command, readArguments } from '../../shared/base/command-line.ts';
import { WORKER_CODECS, type WorkerCodec, type WorkerPlan } from '../../shared/call/plan.ts';
import { describeMachine } from '../common/machine.ts';
import { takes, wholeNumberOption } from '../common/options.ts';
import { LOAD_CORE, pythonWithWebSockets, SERVER_CORE } from './measured-server.ts';
import { measureBargeIn, measureCapacity, measureMemory, measureSteady, type Pace } from './measures.ts';
import type { Step } from './ramp.ts';
import { appendRound, MEASURES, type Measure, type Result, type Round, readRounds } from './records.ts';
import { type RigOptions, SERVERS, type ServerName } from './rig.ts';
import { formatTables } from './table.ts';

const PINNING = `server on core ${SERVER_CORE}, load on core ${LOAD_CORE}`;
const LEVELS = [100, 200, 300, 350, 400, 450, 500, 550, 600, 700, 800, 900, 1_000, 1_100, 1_200];
/** What follows the relay shares the core of the load, and is at its end long before the relay. */
const WEB_PUBSUB_LEVELS = [10, 20, 30, 50, 70, 100, 140, 200, 250];
const REFERENCE_CALLS = 300;
const MEMORY_CALLS = [100, 400] as const;
/** What is compiled while it runs is slow for some seconds. */
const FULL_PACE: Pace = { warmUpMs: 5_000, settleMs: 500, measureMs: 2_000 };
/** For measures with a steady number of calls. */
const STEADY_MEASURE_MS = 8_000;

const SMOKE_LEVELS = [4, 8];
const SMOKE_PACE: Pace = { warmUpMs: 300, settleMs: 100, measureMs: 500 };
/** Share of the frames that must have come back in the smoke mode; a chunk may still be under way. */
const LEAST_HEARD = 0.6;

const STEADY_CALLS: Readonly<Record<'latency' | 'barge-in', number>> = { latency: 50, 'barge-in': 50 };

interface Plan {
  readonly isSmoke: boolean;
  readonly rounds: number;
  readonly measures: readonly Measure[];
  readonly servers: readonly ServerName[];
  readonly label: string;
  readonly calls: readonly number[] | undefined;
  readonly rig: Omit<RigOptions, 'server'>;
}

const BENCH = {
  name: 'npm run bench',
  usage: 'relay [options]',
  about: 'Measures the relay beside other servers: capacity, latency, barge-in, memory.',
  flags: {
    smoke: { type: 'boolean', default: false, help: 'takes seconds, and fails only where audio is lost' },
    measure: { ...takes('NAME,NAME', 'what is measured (default capacity)'), default: 'capacity' },
    rounds: { ...takes('N', 'rounds (default 1)'), default: '1' },
    servers: { ...takes('NAME,NAME', 'which servers (default all)'), default: SERVERS.join(',') },
    calls: takes('N,N', 'the number of calls, or levels of capacity'),
    label: { ...takes('TEXT', 'a name for the rows of this run'), default: '' },
    settings: { ...takes('NAME=VALUE,…', 'settings of the relay'), default: '' },
    flags: { ...takes('FLAGS', 'flags of Node for the relay'), default: RELAY_NODE_ARGS.join(' ') },
    runtime: takes('FILE', 'another Node for the server'),
    'chunk-ms': { ...takes('MS', 'length of chunks (default 100)'), default: '100' },
    codec: { ...takes('NAME', 'pcm16 (default) or pcmu'), default: 'pcm16' },
    listen: { ...takes('MODE', 'how workers listen (default chunk)'), default: 'chunk' },
    to: takes('FILE', 'appends the results to this file'),
    report: takes('FILE', 'shows the results of this file, and measures nothing'),
  },
} as const satisfies Command;

export async function run(args: readonly string[]): Promise<number> {
  const { values } = readArguments(BENCH, args);
  if (values.report !== undefined) {
    process.stdout.write(`${formatTables(await readRounds(values.report))}\n`);
    return 0;
  }
  const plan: Plan = {
    isSmoke: values.smoke,
    rounds: wholeNumberOption('--rounds', values.rounds),
    measures: values.measure.split(',').map((text) => oneOf('--measure', MEASURES, text)),
    servers: values.servers.split(',').map((text) => oneOf('--servers', SERVERS, text)),
    label: values.label,
    calls: values.calls?.split(',').map((text) => wholeNumberOption('--calls', text)),
    rig: {
      worker: workerOf(
        values.listen,
        wholeNumberOption('--chunk-ms', values['chunk-ms']),
        oneOf('--codec', WORKER_CODECS, values.codec),
      ),
      script: 'sound',
      settings: Object.fromEntries(values.settings.split(',').filter(Boolean).map(settingOf)),
      flags: values.flags.split(' ').filter(Boolean),
      runtime: values.runtime,
    },
  };
  process.stdout.write(`${describeMachine(PINNING)}\n`);
  const rounds = await measureAll(plan, values.to);
  process.stdout.write(`\n${formatTables(rounds)}\n`);
  return plan.isSmoke ? judgeSmoke(rounds) : 0;
}

async function measureAll(plan: Plan, file: string | undefined): Promise<Round[]> {
  const isHere = pythonWithWebSockets() !== undefined;
  if (!isHere && plan.servers.includes('websockets'))
    process.stdout.write('websockets: not measured, since no python3 with the package websockets is here.\n');
  const rounds: Round[] = [];
  for (let number = 1; number <= plan.rounds; number++) {
    for (const measure of plan.measures) {
      for (const server of plan.servers) {
        if ((server === 'websockets' && !isHere) || !isFor(measure, server)) continue;
        const result = await measureOne(measure, plan, { ...plan.rig, server });
        const round: Round = { ...result, server, label: plan.label, at: new Date().toISOString() };
        rounds.push(round);
        if (file !== undefined) await appendRound(file, round);
        process.stdout.write(`round ${number}, ${measure}, ${server}: ${inWords(result)}\n`);
      }
    }
  }
  return rounds;
}

/** Only the relay has lanes, and a worker that is interrupted. */
function isFor(measure: Measure, server: ServerName): boolean {
  return measure === 'barge-in' ? server === 'relay' : measure === 'memory' ? server !== 'websockets' : true;
}

async function measureOne(measure: Measure, plan: Plan, rig: RigOptions): Promise<Result> {
  const pace = plan.isSmoke ? SMOKE_PACE : FULL_PACE;
  const steady = plan.isSmoke ? pace : { ...pace, measureMs: STEADY_MEASURE_MS };
  switch (measure) {
    case 'capacity': {
      const usual = rig.server === 'relay-web-pubsub' ? WEB_PUBSUB_LEVELS : LEVELS;
      const levels = plan.calls ?? (plan.isSmoke ? SMOKE_LEVELS : usual);
      return { measure, ...(await measureCapacity(rig, pace, levels, REFERENCE_CALLS)) };
    }
    case 'latency':
      return { measure, step: await measureSteady(rig, steady, steadyCalls(measure, plan)) };
    case 'barge-in':
      // A whole cycle of interruptions is needed, in the smoke mode too.
      return {
        measure,
        step: await measureBargeIn(
          rig,
          { ...steady, measureMs: Math.max(steady.measureMs, 2_500) },
          steadyCalls(measure, plan),
        ),
      };
    case 'memory':
      return { measure, memory: await measureMemory(rig, pace, plan.isSmoke ? [4, 8] : MEMORY_CALLS) };
  }
}

function steadyCalls(measure: 'latency' | 'barge-in', { calls, isSmoke }: Plan): number {
  return calls?.[0] ?? (isSmoke ? 8 : STEADY_CALLS[measure]);
}

function workerOf(listen: string, chunkMs: number, codec: WorkerCodec): WorkerPlan {
  const worker = { name: 'echo', codec };
  switch (oneOf('--listen', ['chunk', 'utterance'] as const, listen)) {
    case 'chunk':
      return { ...worker, listen: { mode: 'chunk', ms: chunkMs } };
    case 'utterance':
      return {
        ...worker,
        listen: {
          mode: 'utterance',
          minSpeechMs: 120,
          endSilenceMs: 500,
          maxMs: 15_000,
          preRollMs: 300,
          speechEvents: false,
        },
      };
  }
}

function inWords(result: Result): string {
  switch (result.measure) {
    case 'capacity': {
      const { calls, end, reference } = result.ramp;
      return `${calls} calls in time (${end}), ${reference.cpuMicrosecondsPerFrame.toFixed(1)} µs a frame with ${reference.calls} calls; ${result.steps.map((step) => `${step.calls}: ${step.p99Ms.toFixed(0)} ms, ${Math.round(step.cpuShare * 100)} % (load ${step.loadLateMs.toFixed(0)} ms, ${Math.round(step.loadCpuShare * 100)} %, others ${Math.round((step.othersCpuShare ?? 0) * 100)} %)`).join('; ')}`;
    }
    case 'latency':
    case 'barge-in': {
      const { calls, p50Ms, p99Ms, toLaneMs, fromLaneMs, heardMs, stopMs, cpuMicrosecondsPerFrame } =
        result.step;
      return `${calls} calls, ${cpuMicrosecondsPerFrame.toFixed(1)} µs a frame; ${JSON.stringify({ p50Ms, p99Ms, toLaneMs, fromLaneMs, heardMs, stopMs })}`;
    }
    case 'memory': {
      const { residentBytes, heapBytes, externalBytes } = result.memory;
      return `${[residentBytes, heapBytes, externalBytes].map((bytes) => (bytes / 1_024).toFixed(0)).join(' / ')} KB a call, resident / heap / external`;
    }
  }
}

function judgeSmoke(rounds: readonly Round[]): number {
  const steps = rounds.flatMap((round): { server: ServerName; step: Step }[] =>
    round.measure === 'capacity' ? round.steps.map((step) => ({ server: round.server, step })) : [],
  );
  const bad = steps.filter(({ step }) => !(step.heardShare >= LEAST_HEARD));
  for (const { server, step } of bad) {
    process.stdout.write(
      `FAILED: ${server} with ${step.calls} calls gave back ${Math.round(step.heardShare * 100)} % of the frames.\n`,
    );
  }
  const silent = rounds.filter((round) => round.measure === 'barge-in' && round.step.stopMs?.count === 0);
  for (const { server } of silent) process.stdout.write(`FAILED: ${server} was never interrupted.\n`);
  return bad.length + silent.length === 0 ? 0 : 1;
}

function settingOf(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new Error(`--settings must be NAME=value, separated by commas, not ${text}`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function oneOf<T extends string>(option: string, names: readonly T[], text: string): T {
  const found = names.find((name) => name === text);
  if (found === undefined) throw new Error(`${option} must be some of ${names.join(',')}, not ${text}`);
  return found;
}
