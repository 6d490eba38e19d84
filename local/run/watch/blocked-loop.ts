/**
 * A thread beside that of the workers: notices that their loop stands still, and asks the debugger of V8 where. A loop
 * that has merely got no processor is not in a line of an author, so nothing is said of it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { type Debugger, Session } from 'node:inspector';
import { SourceMap } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { workerData } from 'node:worker_threads';
import { placeOf } from './author-place.ts';
import type { Notice } from './notice.ts';
import { Pulse } from './pulse.ts';
import { tell } from './tell.ts';

const LOOK_EVERY_MS = 200;
const BLOCKED_MS = 1_000;
/** Longer than a handler may take; what stands still so long does not come back. */
const HUNG_MS = 30_000;
/** How long the debugger may take to stop a loop of JavaScript. In native code, such as `Atomics.wait`, it cannot. */
const PAUSE_LIMIT_MS = 1_000;

const pulse = new Pulse(workerData as SharedArrayBuffer);

let beats = pulse.beats;
let sinceMs = performance.now();
let blocker: Partial<Notice> = {};
let told: 'nothing' | 'asked' | 'blocked' | 'hung' = 'nothing';
/** Ends the debugger's session, if there is one. */
let leave = (): void => {};

setInterval(() => {
  const nowMs = performance.now();
  if (pulse.beats !== beats) {
    const forMs = nowMs - sinceMs;
    leave();
    if (told === 'blocked' || told === 'hung')
      tell({ kind: 'unblocked', text: `goes on after ${seconds(forMs)}`, ...blocker });
    beats = pulse.beats;
    sinceMs = nowMs;
    told = 'nothing';
    return;
  }
  const forMs = nowMs - sinceMs;
  if (told === 'nothing' && forMs >= BLOCKED_MS) {
    told = 'asked';
    ask();
  }
  if (told === 'blocked' && forMs >= HUNG_MS) {
    told = 'hung';
    tell({ kind: 'hung', text: `has blocked its process for ${seconds(forMs)}`, ...blocker });
  }
}, LOOK_EVERY_MS);

/**
 * Stops the other thread for a moment, to see where it is. Without an answer in time it says who blocks, and where as
 * soon as that shows: a busy machine takes seconds for it.
 */
function ask(): void {
  const asked = beats;
  // Connected for as long as it takes: a process waits at its end for debuggers to leave.
  const session = new Session();
  const files = new Map<string, string>();
  const limit = setTimeout(() => answer(asked, undefined), PAUSE_LIMIT_MS);
  leave = (): void => {
    leave = () => {};
    clearTimeout(limit);
    session.disconnect();
  };
  session.on('Debugger.scriptParsed', ({ params }) => void files.set(params.scriptId, params.url));
  session.on('Debugger.paused', ({ params }) => {
    session.post('Debugger.resume');
    leave();
    answer(asked, placeAmong(params.callFrames, files));
  });
  session.connectToMainThread();
  session.post('Debugger.enable');
  session.post('Debugger.pause');
}

function answer(asked: number, place: string | undefined): void {
  const isNew = told === 'asked' || (told === 'blocked' && place !== undefined);
  // Without a place of an author, only a handler that has not even returned its promise is known to be at fault.
  if (!isNew || pulse.beats !== asked || (place === undefined && !pulse.isInside)) return;
  told = 'blocked';
  blocker = { ...pulse.subject, place };
  const text = `has blocked its process, and with it every worker there, for ${seconds(performance.now() - sinceMs)}`;
  tell({ kind: 'blocked', text, ...blocker });
}

function placeAmong(
  frames: readonly Debugger.CallFrame[],
  files: ReadonlyMap<string, string>,
): string | undefined {
  for (const { location } of frames) {
    const file = files.get(location.scriptId);
    const place = file && sourceOf(file, location.lineNumber, location.columnNumber ?? 0);
    if (place) return place;
  }
  return undefined;
}

/** `line` and `column` count from 0, as the debugger and source maps do. */
function sourceOf(url: string, line: number, column: number): string | undefined {
  // A CommonJS bundle is named by its path, an ES module by its URL.
  const file = url.startsWith('file://') ? fileURLToPath(url) : url;
  const map = mapOf(file);
  if (map === undefined) return placeOf(file, line + 1, column + 1);
  const entry = map.findEntry(line, column);
  if (!('originalSource' in entry)) return undefined;
  const source = entry.originalSource.startsWith('file://')
    ? fileURLToPath(entry.originalSource)
    : resolve(dirname(file), decoded(entry.originalSource));
  return placeOf(source, entry.originalLine + 1, entry.originalColumn + 1);
}

/** Sources in a map are relative URLs: the bundler escapes what is not ASCII. */
function decoded(source: string): string {
  try {
    return decodeURIComponent(source);
  } catch {
    return source;
  }
}

const maps = new Map<string, SourceMap | undefined>();

function mapOf(file: string): SourceMap | undefined {
  if (!maps.has(file)) {
    const path = `${file}.map`;
    const map = existsSync(path) ? new SourceMap(JSON.parse(readFileSync(path, 'utf8'))) : undefined;
    maps.set(file, map);
  }
  return maps.get(file);
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
