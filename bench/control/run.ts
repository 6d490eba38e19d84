/**
 * What the control app costs:
 * `npm run bench -- control [--smoke] [--calls 400] [--starts 10] [--past 10000] [--json file]`. The app is built, and
 * runs in the Functions host on this machine, beside table storage; ACS is a server that answers at once, so that its
 * time is in nothing that is reported. The smoke mode takes seconds and fails where a request is not served, where a
 * call's life asks more of table storage than it did, or where listing does with more past calls.
 */
import { freePorts } from '../../local/run/stack/ports.ts';
import { readArguments } from '../../shared/base/command-line.ts';
import { describeMachine } from '../common/machine.ts';
import { benchCommand, takes, wholeNumberOption, writeJsonReport } from '../common/options.ts';
import { countsOf, type LifeStep, measureCallLife, type RequestCounts } from './call-life.ts';
import { writePastCalls } from './past-calls.ts';
import { type Percentiles, percentiles } from './percentiles.ts';
import { buildApp, Rig } from './rig.ts';
import { measureStartUp } from './start-up.ts';

const GOALS = { answerP99Ms: 25, startUpMs: 500, requestsOfALife: 17 } as const;

const FULL = { calls: 400, warmUp: 40, starts: 10, past: 10_000 } as const;
const SMOKE = { calls: 10, warmUp: 2, starts: 1, past: 200 } as const;

/** Calls that go on while lists are read. */
const LIVE_CALLS = 10;
const FEW_PAST_CALLS = 10;
/** IncomingCall events at the same time, in the second measurement of them. */
const AT_ONCE = 8;

interface Plan {
  readonly calls: number;
  readonly warmUp: number;
  readonly starts: number;
  readonly past: number;
}

interface Listing {
  readonly pastCalls: number;
  readonly ms: Percentiles;
  readonly requests: RequestCounts;
}

interface Measured {
  readonly answer: Readonly<Record<'oneByOne' | 'together', Percentiles>>;
  readonly callback: Percentiles;
  readonly getCall: Percentiles;
  readonly listings: readonly Listing[];
  readonly startUp: { readonly ready: Percentiles; readonly served: Percentiles };
  readonly life: readonly LifeStep[];
}

const BENCH = benchCommand(
  'control',
  'Measures what the control app costs: answers, callbacks, lists, starts, and requests to table storage.',
  {
    calls: takes('N', 'calls that are answered (default 400)'),
    starts: takes('N', 'starts of the app (default 10)'),
    past: takes('N', 'past calls, when lists are read (default 10000)'),
  },
);

export async function run(args: readonly string[]): Promise<number> {
  const { values } = readArguments(BENCH, args);
  const plan: Plan = {
    ...(values.smoke ? SMOKE : FULL),
    ...(values.calls && { calls: wholeNumberOption('--calls', values.calls) }),
    ...(values.starts && { starts: wholeNumberOption('--starts', values.starts) }),
    ...(values.past && { past: wholeNumberOption('--past', values.past) }),
  };
  process.stdout.write(`${describeMachine()}\n\n`);
  const measured = await measure(plan);
  tell(measured);
  await writeJsonReport(values.json, { machine: describeMachine(), ...measured });
  return verdict(measured, values.smoke);
}

async function measure(plan: Plan): Promise<Measured> {
  const { app, remove } = await buildApp();
  try {
    const { answer, callback, startUp } = await withRig(app, false, async (rig) => ({
      ...(await measureAnswers(rig, plan)),
      startUp: await measureStarts(rig, plan),
    }));
    const life = await withRig(app, true, measureCallLife);
    const { getCall, listings } = await withRig(app, true, (rig) => measureReads(rig, plan));
    return { answer, callback, getCall, listings, startUp, life };
  } finally {
    await remove();
  }
}

async function withRig<T>(app: string, counts: boolean, act: (rig: Rig) => Promise<T>): Promise<T> {
  const rig = await Rig.start(app, { counts });
  try {
    return await act(rig);
  } finally {
    await rig.close();
  }
}

/** Every call ends before the next, so that there are never more rows of live calls than events at a time. */
async function measureAnswers(rig: Rig, plan: Plan): Promise<Pick<Measured, 'answer' | 'callback'>> {
  const callback: number[] = [];
  const ring = async (): Promise<number> => {
    const rung = await rig.acs.ring();
    callback.push(await rig.acs.tell(rung, 'CallConnected'));
    await rig.acs.tell(rung, 'CallDisconnected');
    return rung.answerMs;
  };
  const ringTimes = async (count: number, atOnce: number): Promise<number[]> => {
    const times: number[] = [];
    let left = count;
    const line = async (): Promise<void> => {
      while (left-- > 0) times.push(await ring());
    };
    await Promise.all(Array.from({ length: atOnce }, line));
    return times;
  };
  await ringTimes(plan.warmUp, 1);
  callback.length = 0;
  const oneByOne = percentiles(await ringTimes(plan.calls, 1));
  const alone = percentiles(callback);
  const together = percentiles(await ringTimes(plan.calls, AT_ONCE));
  return { answer: { oneByOne, together }, callback: alone };
}

async function measureStarts(rig: Rig, plan: Plan): Promise<Measured['startUp']> {
  const ready: number[] = [];
  const served: number[] = [];
  // The first start leaves compiled code behind, as every start on a machine does that has started before.
  await measureStartUp(rig, (await freePorts()).control);
  for (let start = 0; start < plan.starts; start += 1) {
    const { readyMs, servedMs } = await measureStartUp(rig, (await freePorts()).control);
    ready.push(readyMs);
    served.push(servedMs);
  }
  return { ready: percentiles(ready), served: percentiles(served) };
}

async function measureReads(rig: Rig, plan: Plan): Promise<Pick<Measured, 'getCall' | 'listings'>> {
  for (let call = 0; call < LIVE_CALLS; call += 1) await rig.acs.tell(await rig.acs.ring(), 'CallConnected');
  const { calls } = (await rig.get('/calls')).body as { calls: { callId: string }[] };
  if (calls.length !== LIVE_CALLS) throw new Error(`${calls.length} calls are live, not ${LIVE_CALLS}`);
  const listings: Listing[] = [];
  let getCall = percentiles([0]);
  let written = 0;
  for (const pastCalls of [FEW_PAST_CALLS, plan.past]) {
    await writePastCalls(rig.tablesConnection, written, pastCalls);
    written = pastCalls;
    await times(plan.warmUp, async () => (await rig.get('/calls')).ms);
    const before = rig.requests.length;
    await rig.get('/calls');
    const requests = countsOf(rig.requests.slice(before));
    const ms = percentiles(await times(plan.calls, async () => (await rig.get('/calls')).ms));
    listings.push({ pastCalls, ms, requests });
    if (pastCalls === FEW_PAST_CALLS) {
      const path = `/calls/${calls[0]?.callId}`;
      getCall = percentiles(await times(plan.calls, async () => (await rig.get(path)).ms));
    }
  }
  return { getCall, listings };
}

async function times(count: number, act: () => Promise<number>): Promise<number[]> {
  const all: number[] = [];
  for (let index = 0; index < count; index += 1) all.push(await act());
  return all;
}

function tell({ answer, callback, getCall, listings, startUp, life }: Measured): void {
  const lines = [
    row('', ['p50', 'p99', 'longest', 'count']),
    timesRow('IncomingCall to answer, one by one', answer.oneByOne),
    timesRow(`IncomingCall to answer, ${AT_ONCE} at a time`, answer.together),
    timesRow('callback to its acknowledgement', callback),
    timesRow('GET a call with its timeline', getCall),
    ...listings.map(({ pastCalls, ms }) =>
      timesRow(`GET ${LIVE_CALLS} live calls beside ${pastCalls} past`, ms),
    ),
    timesRow('start: functions registered', startUp.ready),
    timesRow('start: first request served', startUp.served),
    '',
    'Requests to table storage',
    ...life.map(({ step, requests }) => row(`  ${step}`, [describe(requests)])),
    row('  the whole life', [describe(countsOf(life.flatMap(({ requests }) => spread(requests))))]),
    ...listings.map(({ pastCalls, requests }) =>
      row(`  listing beside ${pastCalls} past calls`, [describe(requests)]),
    ),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** What does not depend on the machine is asked for in the smoke mode, too. */
function verdict({ answer, life, listings, startUp }: Measured, isSmoke: boolean): number {
  const requests = life.flatMap((step) => spread(step.requests)).length;
  if (requests > GOALS.requestsOfALife) {
    process.stdout.write(
      `FAILED: a call asks ${requests} times of table storage, not ${GOALS.requestsOfALife}.\n`,
    );
    return 1;
  }
  const [few, many] = listings;
  if (JSON.stringify(few?.requests) !== JSON.stringify(many?.requests)) {
    process.stdout.write('FAILED: listing costs other requests with more past calls.\n');
    return 1;
  }
  if (isSmoke) return 0;
  const met = (is: boolean): string => (is ? 'met' : 'missed');
  process.stdout.write(
    `\nGoals: answer p99 under ${GOALS.answerP99Ms} ms: ${met(answer.oneByOne.p99 < GOALS.answerP99Ms)}; ` +
      `start under ${GOALS.startUpMs} ms: ${met(startUp.served.p50 < GOALS.startUpMs)} (median).\n`,
  );
  return 0;
}

function timesRow(name: string, { p50, p99, max, count }: Percentiles): string {
  return row(name, [...[p50, p99, max].map((ms) => `${ms.toFixed(1)} ms`), String(count)]);
}

function row(name: string, cells: readonly string[]): string {
  return `${name.padEnd(46)}${cells.map((cell) => cell.padEnd(12)).join('')}`.trimEnd();
}

function describe(requests: RequestCounts): string {
  const parts = Object.entries(requests).map(([name, count]) => `${count} × ${name}`);
  const sum = Object.values(requests).reduce((total, count) => total + count, 0);
  return `${sum}: ${parts.join(', ')}`;
}

function spread(requests: RequestCounts): string[] {
  return Object.entries(requests).flatMap(([name, count]) => Array<string>(count).fill(name));
}
