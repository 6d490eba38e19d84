/**
 * Loaded before a process that runs workers (`node --import`): tells the parent what they log, throw and block. The
 * product knows nothing of it but the channel on which it names the handler that runs.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { channel, tracingChannel } from 'node:diagnostics_channel';
import inspector from 'node:inspector';
import { format } from 'node:util';
import { isMainThread, Worker } from 'node:worker_threads';
import {
  HANDLER_CHANNEL,
  type RunningHandlerMessage,
  TEXT_CHANNEL,
} from '../../../shared/wire/lane/handler-channel.ts';
import { moduleFile } from '../project/installation.ts';
import { placeIn } from './author-place.ts';
import type { Notice } from './notice.ts';
import { BEAT_MS, Pulse } from './pulse.ts';
import { tell } from './tell.ts';

/** A handler that waits this long is named, once. */
const WAITING_MS = 2_000;
const TOO_LATE =
  'did not return within 500 ms when it was interrupted or the call ended (call.signal tells it)';
const MAX_TEXT = 4_000;

const handlers = tracingChannel<RunningHandlerMessage>(HANDLER_CHANNEL);
const context = new AsyncLocalStorage<RunningHandlerMessage>();

if (isMainThread) watch();

function watch(): void {
  const pulse = new Pulse();
  const waiting = new Map<RunningHandlerMessage, NodeJS.Timeout>();
  // The message is what its handler carries through everything that it awaits and starts.
  handlers.start.bindStore(context, (message) => message);
  handlers.subscribe({
    start(message) {
      pulse.begin(subjectOf(message));
      const wait = setTimeout(() => {
        const text = `has not returned for ${WAITING_MS / 1_000} s; until it does, its worker hears nothing of this call`;
        tell({ kind: 'waiting', text, ...subjectOf(message) });
      }, WAITING_MS);
      waiting.set(message, wait.unref());
    },
    end() {
      pulse.leave();
    },
    asyncStart() {},
    asyncEnd(message) {
      clearTimeout(waiting.get(message));
      waiting.delete(message);
      if (message.error === undefined || message.end === 'in time') return;
      const fault = message.end === 'too late' ? { text: TOO_LATE } : described(message.error);
      tell({ kind: 'failed', ...fault, ...subjectOf(message) });
    },
    error() {},
  });
  channel(TEXT_CHANNEL).subscribe((text) => {
    tell({ kind: 'text', text: String(text), ...subjectOf(context.getStore()) });
  });
  watchConsole();
  watchEnd();
  // A debugger stops the loop on purpose.
  if (inspector.url() === undefined) watchLoop(pulse);
}

function watchConsole(): void {
  for (const level of ['log', 'info', 'debug', 'warn', 'error'] as const) {
    const print = console[level].bind(console);
    console[level] = (...values: unknown[]): void => {
      print(...values);
      tell({ kind: 'log', text: format(...values).slice(0, MAX_TEXT), ...subjectOf(context.getStore()) });
    };
  }
}

function watchEnd(): void {
  let isCaught = false;
  process.on('uncaughtExceptionMonitor', (error, origin) => {
    isCaught = true;
    const { text, place } = described(error);
    const what =
      origin === 'unhandledRejection' ? 'a promise that nobody awaits was rejected' : 'nobody caught';
    tell({ kind: 'uncaught', text: `${what}: ${text}`, place, ...subjectOf(context.getStore()) });
  });
  process.on('exit', (status) => {
    const place = placeIn(new Error().stack ?? '');
    if (isCaught || place === undefined) return;
    tell({ kind: 'exit', text: `called process.exit(${status})`, place, ...subjectOf(context.getStore()) });
  });
}

/** Another thread watches the loop, since nothing runs in one that stands still. */
function watchLoop(pulse: Pulse): void {
  setInterval(() => pulse.beat(), BEAT_MS).unref();
  const thread = new Worker(moduleFile('local/run/watch/blocked-loop'), {
    workerData: pulse.memory,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  thread.on('error', (error) => process.stderr.write(`the watch over workers has ended: ${String(error)}\n`));
  thread.unref();
}

function subjectOf(message: RunningHandlerMessage | undefined): Partial<Notice> {
  if (message === undefined) return {};
  const { worker, handler, callId, callConnectionId } = message;
  return { worker, handler, callId, callConnectionId };
}

function described(error: unknown): { text: string; place: string | undefined } {
  if (!(error instanceof Error)) return { text: format(error).slice(0, MAX_TEXT), place: undefined };
  return {
    text: `${error.name}: ${error.message}`.slice(0, MAX_TEXT),
    place: placeIn(error.stack ?? ''),
  };
}
