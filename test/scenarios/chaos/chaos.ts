import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import { startTablesProxy } from '../../../bench/control/tables-proxy.ts';
import { freePorts } from '../../../local/run/stack/ports.ts';
import { startTestSystem, type TestSystem } from '../../support/system.ts';
import { AcsRecord, RINGING_MS } from './acs-record.ts';
import { CONFLICT_PROBABILITY, chaosRoutes, drawChaos } from './chaos-plan.ts';
import { type ChaosCounts, ChaosRun } from './chaos-run.ts';
import { judge, type ProductCall } from './chaos-verdict.ts';

export interface ChaosResult {
  readonly counts: ChaosCounts & { readonly conflicts: number };
  /** What is not as it must be, in sentences. */
  readonly faults: readonly string[];
}

/**
 * How ACS repeats callbacks: for longer than an app takes to start again on a busy machine. Events of an outage that
 * lasts longer than the service's patience are gone, which is not what is tried here.
 */
const PATIENCE_MS = '500,1500,4000,6000,6000';

/** Here telephones ring as long as in the service, since the verdict says what is delivered too late. */
const BEHAVIOUR = [`callbackRetryDelaysMs=${PATIENCE_MS}`, `ringMs=${RINGING_MS}`];

/** The seed of a run: `CHAOS_SEED`, else something new. */
export function chaosSeed(): string {
  return process.env['CHAOS_SEED'] ?? randomBytes(4).toString('hex');
}

/**
 * Starts the whole system, lets everything go wrong that the seed says, and judges what has become of the calls.
 * @param atOnce calls that are under way at the same time
 */
export async function chaos(
  seed: string,
  count: number,
  kills: number,
  atOnce: number,
): Promise<ChaosResult> {
  const plan = drawChaos(seed, count, kills);
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-chaos-'));
  const log = join(folder, 'acs.log');
  const ports = await freePorts();
  const proxy = await startTablesProxy({
    port: ports.tables,
    loses: () => plan.conflicts.fraction() < CONFLICT_PROBABILITY,
  });
  const transcripts = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(transcripts, 'listening');
  let test: TestSystem | undefined;
  let calls: readonly ProductCall[] = [];
  try {
    test = await startTestSystem({
      ports,
      routes: chaosRoutes(`ws://127.0.0.1:${(transcripts.address() as AddressInfo).port}/`),
      extraArgs: { acs: ['--event-log', log, ...BEHAVIOUR.flatMap((pair) => ['--behaviour', pair])] },
      extraEnv: {
        acs: { ACS_SEED: seed },
        // The account of every storage emulator: the proxy comes into its connection string before the keys are made.
        tables: { AZURITE_ACCOUNTS: '' },
        control: {
          TABLES_CONNECTION_STRING: tablesConnection(proxy.port),
          NODE_OPTIONS: `--import ${new URL('clock-ahead.ts', import.meta.url).href}`,
          OUTBOUND_ALLOWED: '+1425*',
          OUTBOUND_CALLS_PER_HOUR: '10000',
          API_READS_PER_MINUTE: '1000000',
          API_ACTS_PER_MINUTE: '1000000',
        },
      },
    });
    const record = new AcsRecord(log);
    const { evidence, unhealed, counts } = await new ChaosRun(plan, test, record).run(atOnce);
    calls = evidence.productCalls;
    return { counts: { ...counts, conflicts: proxy.conflicts }, faults: [...unhealed, ...judge(evidence)] };
  } finally {
    await keepLogs(process.env['CHAOS_LOGS'], test, log, calls);
    await test?.stop();
    await proxy.close();
    transcripts.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The sentence of a failure, with the seed that repeats it. */
export function chaosFailure(seed: string, why: unknown): string {
  return `${String(why)}\nThe same run again: CHAOS_SEED=${seed}`;
}

/**
 * For whoever looks for the reason: what the parts said, what ACS did and what the product has of its calls, in the
 * folder of `CHAOS_LOGS`.
 */
async function keepLogs(
  to: string | undefined,
  test: TestSystem | undefined,
  acsLog: string,
  calls: readonly ProductCall[],
): Promise<void> {
  if (to === undefined || test === undefined) return;
  await mkdir(to, { recursive: true });
  await writeFile(join(to, 'parts.log'), test.log.join('\n'));
  await copyFile(acsLog, join(to, 'acs.log'));
  await writeFile(join(to, 'calls.json'), JSON.stringify(calls, undefined, 1));
}

const ACCOUNT = 'devstoreaccount1';

/** The account of every storage emulator; its key is published by Microsoft and protects nothing. */
function tablesConnection(port: number): string {
  return [
    'DefaultEndpointsProtocol=http',
    `AccountName=${ACCOUNT}`,
    'AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==',
    `TableEndpoint=http://127.0.0.1:${port}/${ACCOUNT};`,
  ].join(';');
}
