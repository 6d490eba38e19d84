/** `npm start`: the whole system until Ctrl-C, with a line for each call while it lasts. */
import { setTimeout as delay } from 'node:timers/promises';
import type { CallReport as TelephoneReport } from '../../emulators/acs/control/call-report.ts';
import { CALLED_TELEPHONES, connectTelephones } from '../client/called-telephones.ts';
import { ControlApi } from '../client/control-api.ts';
import { compileReport } from '../client/report.ts';
import type { RunningSystem } from '../client/running-system.ts';
import { Telephone } from '../client/telephone.ts';
import { reportInWords, timelineInWords } from '../client/words.ts';
import { portsWithOffset } from '../stack/ports.ts';
import type { Stack } from '../stack/stack.ts';
import { logLine } from './call.ts';
import { CallDisplay, shortName } from './call-display.ts';
import { hangInWords } from './hang-in-words.ts';
import { NoticeWriter } from './notice-file.ts';
import { readStartOptions, type StartOptions, UsageError } from './options.ts';
import { describeStack, readStackFile, removeStackFile, startOwnStack, writeStackFile } from './system.ts';
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
  const stack = await startOwnStack({
    ports: portsWithOffset(options.portOffset),
    ...residentsOf(options),
    ...(options.verbose ? { extraArgs: REQUEST_LOGS } : {}),
    inspectPort: options.inspectPort,
    onNotice: (notice) => {
      file.write(notice);
      notices.take(notice);
    },
    onLine: (part, line) => {
      if (options.verbose) logLine(part, line);
      const hint = hangInWords(part, line);
      if (hint !== undefined) display.print(hint);
    },
    onDeath: (message) => {
      display.print(`\n${message}`);
      stopped.resolve(1);
    },
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.resolve(0));
  const system = describeStack(stack);
  try {
    await writeStackFile(system);
    await connectTelephones(system);
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
  return `Everything runs (${(startMs / 1_000).toFixed(1)} s):

${rows.join('\n')}

Telephone numbers:

${numbers.join('\n')}

Telephones that can be called (docs/api.md shows how):

${called.join('\n')}

Key of the HTTP functions: ${keys.functions}

Try next, in another terminal:

  npm run call -- --in samples/hello.wav --out heard.wav --worker robot

Ctrl-C stops all of it.
`;
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
  const open = new Map<string, string | undefined>();
  while (!signal.aborted) {
    const calls = await telephone.calls().catch(() => []);
    display.show(calls);
    for (const call of calls) {
      if (call.state !== 'disconnected') {
        open.set(call.id, open.get(call.id) ?? (await findCallId(control, call)));
      } else if (open.has(call.id)) {
        await tellEnd(telephone, control, display, call, open.get(call.id)).catch((error: unknown) =>
          display.print(`${shortName(call.id)} has ended; its report cannot be made: ${String(error)}`),
        );
        open.delete(call.id);
        const repeated = notices.repeated();
        if (repeated !== undefined) display.print(repeated);
      }
    }
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  }
}

async function findCallId(
  control: ControlApi,
  { callConnectionId }: TelephoneReport,
): Promise<string | undefined> {
  if (callConnectionId === undefined) return undefined;
  return (await control.findLive(callConnectionId).catch(() => undefined))?.callId;
}

async function tellEnd(
  telephone: Telephone,
  control: ControlApi,
  display: CallDisplay,
  call: TelephoneReport,
  callId: string | undefined,
): Promise<void> {
  const [said, heard, product, relay] = await Promise.all([
    telephone.recording(call.id, 'said'),
    telephone.recording(call.id, 'heard'),
    callId === undefined ? undefined : control.call(callId),
    call.callConnectionId === undefined ? undefined : control.relayCounts(call.callConnectionId),
  ]);
  const report = compileReport({ telephone: call, product, relay, said, heard });
  display.print(
    `${shortName(call.id)} has ended\n\n${timelineInWords(report.events)}\n\n${reportInWords(report)}\n`,
  );
}
