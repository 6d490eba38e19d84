/**
 * How many calls one process of the ACS emulator keeps on time: `npm run bench -- acs [--smoke] [--calls 50,100]
 * [--rounds 3] [--seconds 10] [--flags=--single-threaded-gc] [--json file]`. The emulator's media side runs on one core
 * and an application that echoes everything on another; the numbers of calls take turns, so that noise of the machine
 * meets all of them. The smoke mode takes seconds and fails only when audio is lost.
 */
import { loadavg } from 'node:os';
import { readArguments } from '../../shared/base/command-line.ts';
import { describeMachine } from '../common/machine.ts';
import { benchCommand, takes, wholeNumberOption, writeJsonReport } from '../common/options.ts';
import { PinnedProcess } from '../common/pinned-process.ts';
import type { Measured } from './messages.ts';

/** What the emulator is meant to do: frames of 200 calls at most this late at the 99th percentile, on a quiet core. */
const GOAL = { calls: 200, p99Ms: 10 } as const;

/** A core is quiet when the process waits for it no longer than this share of the time. */
const QUIET_SHARE = 0.02;

const FULL = { calls: [50, 100, 200, 300], rounds: 3, warmUpMs: 2_000, measureMs: 10_000 } as const;
const SMOKE = { calls: [10], rounds: 1, warmUpMs: 300, measureMs: 1_000 } as const;

/** Share of the audio sent that must have been heard in the smoke mode; the rest may still be on its way. */
const LEAST_HEARD = 0.8;

const EMULATOR_CORE = 0;
/** As `npm run acs` and `npm start` run it. */
const EMULATOR_FLAGS = '--single-threaded-gc';
const APPLICATION_CORE = 1;
const PINNING = `emulator on core ${EMULATOR_CORE}, application on core ${APPLICATION_CORE}`;

interface Plan {
  readonly calls: readonly number[];
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** What Node is given in the emulator's process. */
  readonly flags: readonly string[];
}

const BENCH = benchCommand(
  'acs',
  'Measures how late the ACS emulator sends its frames, by the number of its calls.',
  {
    calls: takes('N,N', 'numbers of calls (default 50,100,200,300)'),
    rounds: takes('N', 'rounds of each (default 3)'),
    seconds: takes('N', 'how long each is measured (default 10)'),
    flags: { ...takes('FLAGS', 'flags of Node for the emulator'), default: EMULATOR_FLAGS },
  },
);

export async function run(args: readonly string[]): Promise<number> {
  const { values } = readArguments(BENCH, args);
  const base = values.smoke ? SMOKE : FULL;
  const plan: Plan = {
    ...base,
    flags: values.flags.split(' ').filter((flag) => flag !== ''),
    ...(values.calls && { calls: values.calls.split(',').map((text) => wholeNumberOption('--calls', text)) }),
    ...(values.rounds && { rounds: wholeNumberOption('--rounds', values.rounds) }),
    ...(values.seconds && { measureMs: wholeNumberOption('--seconds', values.seconds) * 1_000 }),
  };
  const rounds = await measureAll(plan);
  await writeJsonReport(values.json, { machine: describeMachine(PINNING), rounds });
  if (values.smoke) {
    const lost = rounds.find(({ heardFrames, frames }) => heardFrames < LEAST_HEARD * frames || frames === 0);
    if (lost === undefined) return 0;
    process.stdout.write(`FAILED: of ${lost.frames} frames sent only ${lost.heardFrames} were heard.\n`);
    return 1;
  }
  tellGoal(rounds);
  return 0;
}

async function measureAll(plan: Plan): Promise<Measured[]> {
  process.stdout.write(`${describeMachine(PINNING)}\n\n${HEADINGS}\n`);
  const application = new PinnedProcess(new URL('echo-server.ts', import.meta.url), APPLICATION_CORE);
  const rounds: Measured[] = [];
  try {
    const { url } = await application.next<{ url: string }>();
    for (let round = 0; round < plan.rounds; round++) {
      for (const calls of plan.calls) {
        const emulator = new PinnedProcess(new URL('streams.ts', import.meta.url), EMULATOR_CORE, plan.flags);
        try {
          const { warmUpMs, measureMs } = plan;
          emulator.send({ type: 'measure', url, calls, warmUpMs, measureMs });
          const measured = await emulator.next<Measured>();
          rounds.push(measured);
          process.stdout.write(`${row(measured)}\n`);
        } finally {
          emulator.stop();
        }
      }
    }
  } finally {
    application.stop();
  }
  return rounds;
}

const HEADINGS =
  'calls   late p50   p99      max      CPU a frame   of a core   loop busy   waited      longest GC   heard     load';

function row({
  calls,
  latenessMs,
  cpuMicrosecondsPerFrame,
  cpuShare,
  loopShare,
  longestGcMs,
  ...rest
}: Measured): string {
  const ms = (value: number): string => `${value.toFixed(1)} ms`.padEnd(9);
  const percent = (value: number): string => `${Math.round(value * 100)} %`.padEnd(12);
  return [
    String(calls).padEnd(8),
    ms(latenessMs.p50).padEnd(11),
    ms(latenessMs.p99),
    ms(latenessMs.max),
    `${cpuMicrosecondsPerFrame.toFixed(1)} µs`.padEnd(14),
    percent(cpuShare),
    percent(loopShare),
    rest.waitedShare === undefined ? '?'.padEnd(12) : percent(rest.waitedShare),
    ms(longestGcMs).padEnd(13),
    percent(rest.heardFrames / rest.frames).slice(0, 10),
    (loadavg()[0] ?? 0).toFixed(1),
  ].join('');
}

function tellGoal(rounds: readonly Measured[]): void {
  const measured = rounds.filter(({ calls }) => calls === GOAL.calls);
  if (measured.length === 0) return;
  const quiet = measured.filter(({ waitedShare = 0 }) => waitedShare <= QUIET_SHARE);
  const met = quiet.filter(({ latenessMs }) => latenessMs.p99 <= GOAL.p99Ms);
  const all = measured
    .map(
      ({ latenessMs, waitedShare = 0 }) =>
        `${latenessMs.p99.toFixed(1)} (${Math.round(waitedShare * 100)} %)`,
    )
    .join(', ');
  process.stdout.write(
    `\nGoal of ${GOAL.calls} calls, p99 at most ${GOAL.p99Ms} ms late, on a quiet core: met in ${met.length} of ${quiet.length} quiet rounds, ` +
      `those in which the process waited for its core at most ${QUIET_SHARE * 100} % of the time. All rounds: ${all} ms.\n`,
  );
}
