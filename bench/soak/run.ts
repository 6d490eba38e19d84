/**
 * The whole local system under calls for a long time:
 * `npm run bench -- soak [--minutes 15] [--calls 100] [--call-seconds 30] [--smoke] [--json file]`. Tells the memory of
 * every process over time, and where the audio of every call went. Each call lasts for a while and is followed by
 * another, so that beginnings and ends are part of it. Fails when a call fails, when audio got lost without being
 * counted, or (not in the smoke mode, which takes seconds) when memory goes on growing after the first minutes.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { describeStack, startOwnStack } from '../../local/run/cli/system.ts';
import { followCall } from '../../local/run/client/follow-call.ts';
import { relayCountsOf } from '../../local/run/client/make-call.ts';
import type { RunningSystem } from '../../local/run/client/running-system.ts';
import { Telephone } from '../../local/run/client/telephone.ts';
import { freePorts } from '../../local/run/stack/ports.ts';
import type { Stack } from '../../local/run/stack/stack.ts';
import { readArguments } from '../../shared/base/command-line.ts';
import { benchCommand, positiveNumberOption, takes, writeJsonReport } from '../common/options.ts';
import { type Account, accountsOf, addUp, TOLERANCE_MS } from './account.ts';
import { babble } from './babble.ts';
import { type Growth, growthOf, type MemorySample, residentBytes } from './memory.ts';

const RATE = 16_000;
const TAIL_MS = 2_000;
const CALL_LIMIT_MS = 60_000;
/** Calls are placed one after the other with this between them. */
const PLACE_EVERY_MS = 100;
const NUMBERS = { echo: '+14255550190', parrot: '+14255550191', both: '+14255550192' } as const;
/** Those who hear everything in chunks and answer with as much. */
const CHUNK_WORKERS = ['echo'];

const ROUTES = [
  { name: 'soak-echo', match: { to: NUMBERS.echo }, workers: [{ name: 'echo' }] },
  {
    name: 'soak-parrot',
    match: { to: NUMBERS.parrot },
    workers: [{ name: 'parrot', listen: { mode: 'utterance' }, bargeIn: { policy: 'never' } }],
  },
  {
    name: 'soak-both',
    match: { to: NUMBERS.both },
    workers: [{ name: 'echo' }, { name: 'parrot', listen: { mode: 'utterance' }, speaks: false }],
  },
];

interface Plan {
  readonly durationMs: number;
  readonly calls: number;
  readonly speechMs: number;
  readonly sampleMs: number;
}

interface Result {
  readonly calls: number;
  readonly failures: readonly string[];
  readonly accounts: readonly Account[];
  readonly memory: readonly MemorySample[];
}

const BENCH = benchCommand('soak', 'Runs the whole system for minutes, with every sample accounted for.', {
  minutes: takes('N', 'how long (default 15)'),
  calls: takes('N', 'calls at a time (default 100)'),
  'call-seconds': takes('N', 'what is said in each call (default 30)'),
});

export async function run(args: readonly string[]): Promise<number> {
  const { values } = readArguments(BENCH, args);
  const plan: Plan = {
    durationMs: values.smoke ? 6_000 : positiveNumberOption('--minutes', values.minutes ?? '15') * 60_000,
    calls: positiveNumberOption('--calls', values.calls ?? (values.smoke ? '3' : '100')),
    speechMs:
      positiveNumberOption('--call-seconds', values['call-seconds'] ?? (values.smoke ? '4' : '30')) * 1_000,
    sampleMs: values.smoke ? 500 : 5_000,
  };
  const stack = await startOwnStack({
    ports: await freePorts(),
    routes: ROUTES,
    extraEnv: { relay: { MAX_CALLS: '1000', MAX_LOOP_DELAY_MS: '5000', LOG_LEVEL: 'warn' } },
  });
  try {
    const result = await soak(plan, stack);
    await writeJsonReport(values.json, result);
    return tell(result, values.smoke);
  } finally {
    await stack.stop();
  }
}

async function soak(plan: Plan, stack: Stack): Promise<Result> {
  const system = describeStack(stack);
  const startedMs = performance.now();
  const isOver = (): boolean => performance.now() - startedMs >= plan.durationMs;
  const failures: string[] = [];
  const accounts: Account[] = [];
  let calls = 0;
  const slot = async (number: number): Promise<void> => {
    await delay(number * PLACE_EVERY_MS);
    for (let turn = 0; !isOver(); turn += 1) {
      calls += 1;
      try {
        accounts.push(...(await oneCall(system, plan, number, turn)));
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
      }
    }
  };
  const memory: MemorySample[] = [];
  const sampling = (async () => {
    while (!isOver()) {
      memory.push(await memoryOf(stack, performance.now() - startedMs));
      process.stdout.write(`${memoryRow(memory.at(-1))}   ${calls} calls\n`);
      await delay(plan.sampleMs);
    }
  })();
  await Promise.all([sampling, ...Array.from({ length: plan.calls }, (_, number) => slot(number))]);
  return { calls, failures, accounts, memory };
}

async function oneCall(system: RunningSystem, plan: Plan, slot: number, turn: number): Promise<Account[]> {
  const telephone = new Telephone(system);
  const numbers = Object.values(NUMBERS);
  const id = await telephone.place({
    from: `+1425555${1_000 + (slot % 9_000)}`,
    to: numbers[(slot + turn) % numbers.length] ?? NUMBERS.echo,
    speech: { samples: babble(plan.speechMs, RATE, slot * 1_000 + turn + 1), sampleRateHz: RATE },
    tailMs: TAIL_MS,
    maxMs: plan.speechMs + CALL_LIMIT_MS,
  });
  const followed = await followCall(system, id, { limitMs: plan.speechMs + CALL_LIMIT_MS });
  const { outcome } = followed.telephone;
  if (outcome !== 'hungUpByCaller') throw new Error(`a call ended with ${outcome}`);
  const relay = await relayCountsOf(system, followed);
  if (relay?.state !== 'ended') throw new Error('the relay has no report of a call that ended');
  // Asked again, since audio of the relay may come after the end of the call.
  const accounts = accountsOf(await telephone.call(id), relay, CHUNK_WORKERS);
  for (const { way, unaccountedMs, inMs, out } of accounts) {
    if (Math.abs(unaccountedMs) > TOLERANCE_MS)
      throw new Error(
        `${way}: of ${Math.round(inMs)} ms, ${Math.round(unaccountedMs)} ms are not accounted for: ${JSON.stringify(out)}`,
      );
  }
  return accounts;
}

async function memoryOf(stack: Stack, atMs: number): Promise<MemorySample> {
  const rows = await Promise.all(
    Object.entries(stack.pids()).map(async ([name, pid]) => [name, (await residentBytes(pid)) ?? 0] as const),
  );
  return { atMs, bytes: Object.fromEntries(rows) };
}

const mega = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MB`;

function memoryRow(sample: MemorySample | undefined): string {
  const seconds = Math.round((sample?.atMs ?? 0) / 1_000);
  const parts = Object.entries(sample?.bytes ?? {}).map(([name, bytes]) => `${name} ${mega(bytes)}`);
  return `${String(seconds).padStart(5)} s   ${parts.join('   ')}`;
}

function tell({ calls, failures, accounts, memory }: Result, isSmoke: boolean): number {
  process.stdout.write(`\n${calls} calls, ${failures.length} of them failed\n\n`);
  for (const { way, inMs, out, unaccountedMs } of addUp(accounts)) {
    const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
    const parts = Object.entries(out).map(([cause, ms]) => `${cause} ${seconds(ms)}`);
    process.stdout.write(
      `${way.padEnd(18)} ${seconds(inMs).padStart(10)} = ${parts.join(' + ')}, left over ${Math.round(unaccountedMs)} ms\n`,
    );
  }
  const growth = isSmoke ? [] : growthOf(memory);
  if (!isSmoke)
    process.stdout.write(`\n${growth.map(growthRow).join('\n') || 'too short to tell of memory'}\n`);
  const reasons = [
    ...new Set(failures),
    ...growth.filter(({ isFlat }) => !isFlat).map(({ name }) => `the memory of ${name} grows`),
    ...(accounts.length === 0 ? ['no call was accounted for'] : []),
  ];
  for (const reason of reasons.slice(0, 20)) process.stdout.write(`FAILED: ${reason}\n`);
  return reasons.length === 0 ? 0 : 1;
}

function growthRow({ name, earlyBytes, lateBytes, isFlat }: Growth): string {
  return `${name.padEnd(12)} ${mega(earlyBytes)} early, ${mega(lateBytes)} late: ${isFlat ? 'flat' : 'GROWS'}`;
}
