/** `npm start`: the whole system until Ctrl-C, with a line for each call while it lasts. */
import { relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { UsageError } from '../../../shared/base/command-line.ts';
import { endWithNpm } from '../../../shared/base/end-with-npm.ts';
import { parseRoutes } from '../../../shared/wire/call/routes-schema.ts';
import type { CallReport as TelephoneReport } from '../../emulators/acs/control/call-report.ts';
import { CALLED_TELEPHONES } from '../client/called-telephones.ts';
import { ControlApi } from '../client/control-api.ts';
import { compileReport } from '../client/report.ts';
import {
  type RunningSystem,
  readStackFile,
  removeStackFile,
  writeStackFile,
} from '../client/running-system.ts';
import { Telephone } from '../client/telephone.ts';
import { reportInWords, timelineInWords } from '../client/words.ts';
import { installed } from '../project/installation.ts';
import { portsWithOffset } from '../stack/ports.ts';
import type { Stack } from '../stack/stack.ts';
import { CallDisplay } from './call-display.ts';
import { developmentKey } from './development-key.ts';
import { NoticeWriter } from './notice-file.ts';
import { readStartOptions, type StartOptions } from './options.ts';
import { showing } from './part-lines.ts';
import { describeStack, startOwnStack } from './system.ts';
import { WorkerNotices } from './worker-notices.ts';

/** Where `npm run worker` listens, too. */
const RESIDENT_PORT = 7073;
const LOOK_EVERY_MS = 250;
/** With them, emulators print each request. */
const REQUEST_LOGS = { acs: ['--request-log'], webPubSub: ['--request-log'] };

/** Resolves with 0 after Ctrl-C, with 1 when a part ended by itself. */
export async function startCommand(args: readonly string[]): Promise<number> {
  const options = readStartOptions(args);
  const running = await readStackFile();
  if (running !== undefined)
    throw new UsageError(
      `a system runs already (process ${running.pid}); stop it, or use it with npm run call`,
    );
  const startedMs = performance.now();
  const stopped = Promise.withResolvers<number>();
  const ending = new AbortController();
  const display = new CallDisplay(process.stdout);
  const file = new NoticeWriter();
  const notices = new WorkerNotices((text) => display.print(text));
  // What ends while the system stops, has been told to.
  const stop = (): void => stopped.resolve(0);
  let isStopping = false;
  void stopped.promise.then(() => {
    isStopping = true;
  });
  const stack = await startOwnStack({
    ports: portsWithOffset(options.portOffset),
    functionsKey: await developmentKey(),
    ...residentsOf(options),
    ...(options.verbose ? { extraArgs: REQUEST_LOGS } : {}),
    inspectPort: options.inspectPort,
    onNotice: (notice) => {
      file.write(notice);
      notices.take(notice);
    },
    ...showing(display, options.verbose),
    onDeath: (message) => {
      if (isStopping) return;
      display.print(`\n${message}`);
      stopped.resolve(1);
    },
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  endWithNpm(stop);
  const system = describeStack(stack);
  try {
    await writeStackFile(system);
    display.print(welcome(stack, system, performance.now() - startedMs));
    const watching = watchCalls(system, display, notices, ending.signal);
    const status = await stopped.promise;
    ending.abort();
    await watching;
    return status;
  } finally {
    display.print('Stopping …');
    await removeStackFile();
    await stack.stop();
  }
}

function residentsOf({
  residents,
  portOffset,
}: StartOptions): Pick<Parameters<typeof startOwnStack>[0], 'resident'> {
  return residents.length === 0 ? {} : { resident: { workers: residents, port: RESIDENT_PORT + portOffset } };
}

function welcome(stack: Stack, { directory, keys }: RunningSystem, startMs: number): string {
  const rows = [
    ['control app', stack.url('control'), '/api/calls'],
    ['worker app', stack.url('worker'), '/api/workers'],
    ...(stack.residentUrl === undefined
      ? []
      : [['resident workers', stack.residentUrl, '/api/workers/{name}']]),
    ['relay', stack.url('relay').replace('http:', 'ws:'), '/media/{callId}'],
    ['ACS, Event Grid', stack.url('acs'), '/control/calls'],
    ['Web PubSub', stack.url('webPubSub'), '/client/hubs/calls'],
    ['table storage', stack.url('tables'), ''],
  ].map(([name = '', url = '', path]) => `  ${name.padEnd(16)} ${url}${path}`);
  const numbers = directory
    .filter((entry) => entry.startStreaming)
    .map((entry) => `  ${entry.number}     ${entry.worker}, ${entry.format}`);
  const called = CALLED_TELEPHONES.map(({ number, what }) => `  ${number.padEnd(16)} ${what}`);
  const ownRoutes = (stack.ownRoutes.length === 0 ? [] : parseRoutes(stack.ownRoutes)).map(
    ({ name, match }) => `  ${(match.to ?? 'any number').padEnd(16)} ${name}, your own route`,
  );
  return `Everything runs (${(startMs / 1_000).toFixed(1)} s):

${rows.join('\n')}

Telephone numbers:

${[...ownRoutes, ...numbers].join('\n')}

Telephones that can be called (${shown('docs/api.md')} shows how):

${called.join('\n')}

Key of the HTTP functions: ${keys.functions}  (the same at every start)

Try next, in another terminal:

  npm run call -- --in ${shown('samples/hello.wav')} --out heard.wav --worker ${toTry(directory)}

Ctrl-C stops all of it.
`;
}

/** A file of Trunkline, as the user can type it. */
function shown(path: string): string {
  return relative(process.cwd(), installed(path));
}

/** The robot is heard best to be one. */
function toTry(directory: RunningSystem['directory']): string {
  const names = directory.map(({ worker }) => worker);
  return names.find((name) => name === 'robot') ?? names[0] ?? 'NAME';
}

/** Shows live calls, and how each went when it is over. */
async function watchCalls(
  system: RunningSystem,
  display: CallDisplay,
  notices: WorkerNotices,
  signal: AbortSignal,
): Promise<void> {
  const telephone = new Telephone(system);
  const control = new ControlApi(system);
  /** Calls that the control app knows. */
  const known = new Set<string>();
  const told = new Set<string>();
  const ports = { telephone, control, display };
  while (!signal.aborted) {
    const calls = await telephone.calls().catch(() => []);
    display.show(calls);
    for (const call of calls) {
      if (!known.has(call.id) && !told.has(call.id)) {
        const product = await control.find(call.correlationId).catch(() => undefined);
        if (product !== undefined) {
          display.begin(call, product.callId);
          known.add(call.id);
        }
      }
      // One that is rejected ends before it is seen to ring.
      if (call.state === 'disconnected' && !told.has(call.id)) {
        told.add(call.id);
        known.delete(call.id);
        await tellEnd(ports, call).catch((error: unknown) => {
          const why = error instanceof Error ? error.message : String(error);
          display.print(`${display.shortName(call)} has ended; its report cannot be made: ${why}`);
        });
        const repeated = notices.repeated();
        if (repeated !== undefined) display.print(repeated);
      }
    }
    for (const id of told) if (!calls.some((call) => call.id === id)) told.delete(id);
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  }
}

interface Ports {
  readonly telephone: Telephone;
  readonly control: ControlApi;
  readonly display: CallDisplay;
}

async function tellEnd({ telephone, control, display }: Ports, call: TelephoneReport): Promise<void> {
  const product = await control.find(call.correlationId);
  const [said, heard, relay] = await Promise.all([
    telephone.recordingIfAny(call.id, 'said'),
    telephone.recordingIfAny(call.id, 'heard'),
    call.callConnectionId === undefined ? undefined : control.relayCounts(call.callConnectionId),
  ]);
  const whole = product && (await control.callWithTexts(product.callId, relay));
  const report = compileReport({ telephone: call, product: whole, relay, said, heard });
  display.print(
    `${display.shortName(call)} has ended\n\n${timelineInWords(report.events)}\n\n${reportInWords(report)}\n`,
  );
}
