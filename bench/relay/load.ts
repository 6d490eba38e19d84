/** The load of the measurement, a process of its own: streams in real time, the worker, and the account of what comes back. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHistogram, performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { mediaPath } from '../../shared/protocol/names.ts';
import { signTicket } from '../../shared/protocol/ticket.ts';
import type { Failed } from '../acs/messages.ts';
import { AcsStream } from './acs-stream.ts';
import { FRAME_MS } from './media-frame.ts';
import type { Grown, LoadMeasured, LoadRequest, Prepared } from './messages.ts';
import { TICKET_KEY } from './relay-settings.ts';

/** Streams opened at a time, and the longest that this may take. */
const OPENED_AT_ONCE = 20;
const OPEN_LIMIT_MS = 10_000;
/** What Web PubSub is paid by. */
const UNIT_BYTES = 2_048;

const latency = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 });
const ownLateness = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 });
/** Streams by the millisecond of a frame's time in which they send. */
const slots: AcsStream[][] = Array.from({ length: FRAME_MS }, () => []);
const counted = { sent: 0, refused: 0, heard: 0, messages: 0, units: 0, bytes: 0 };
let opened = 0;

function record(into: typeof latency, ms: number): void {
  into.record(Math.max(1, Math.round(ms * 1_000)));
}

const listener = {
  heard(latencyMs: number, isNewest: boolean): void {
    counted.heard += 1;
    if (isNewest) record(latency, latencyMs);
  },
};

/** The next millisecond whose streams are to send. */
let dueMs = Math.ceil(performance.now());

function tick(): void {
  const nowMs = performance.now();
  const time = Buffer.from(new Date().toISOString(), 'latin1');
  for (; dueMs <= nowMs; dueMs++) {
    for (const stream of slots[dueMs % FRAME_MS] ?? []) {
      const sentAtMs = performance.now();
      record(ownLateness, sentAtMs - dueMs);
      if (stream.send(time, sentAtMs)) counted.sent += 1;
      else counted.refused += 1;
    }
  }
  setTimeout(tick, 1);
}
tick();

function countLane(bytes: number): void {
  if (bytes === 0) return;
  counted.messages += 1;
  counted.units += Math.ceil(bytes / UNIT_BYTES);
  counted.bytes += bytes;
}

/** The worker: audio is answered with itself, everything else with nothing. */
async function startWorker(): Promise<string> {
  const server = createServer((request, response) => {
    if (request.method === 'OPTIONS') {
      response.writeHead(200, { 'webhook-allowed-origin': '*' }).end();
      return;
    }
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
      countLane(body.byteLength);
      if (request.headers['content-type'] !== 'application/octet-stream') {
        response.writeHead(204).end();
        return;
      }
      countLane(body.byteLength);
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/workers/{event}`;
}

async function urlOf(base: string, path: 'plain' | 'relay', index: number): Promise<URL> {
  if (path === 'plain') return new URL(base);
  const callId = `benchmark${String(index).padStart(10, '0')}`;
  const ticket = {
    callId,
    from: '4:+14255550100',
    to: '4:+14255550199',
    plan: {
      format: 'pcm16KMono',
      channels: 'mixed',
      startStreaming: true,
      dtmf: false,
      workers: [{ name: 'echo', listen: { mode: 'chunk', ms: 100 } }],
    },
    expiresAtMs: Date.now() + 3_600_000,
  } as const;
  return new URL(base + mediaPath(callId, await signTicket(ticket, TICKET_KEY, Date.now())));
}

async function grow(request: Extract<LoadRequest, { type: 'grow' }>): Promise<Grown> {
  const giveUpMs = performance.now() + OPEN_LIMIT_MS;
  while (opened < request.calls) {
    const batch = Array.from(
      { length: Math.min(OPENED_AT_ONCE, request.calls - opened) },
      (_, at) => opened + at,
    );
    opened += batch.length;
    const streams = await Promise.all(
      batch.map(
        async (index) => new AcsStream(await urlOf(request.url, request.path, index), index, listener),
      ),
    );
    const late = delay(Math.max(0, giveUpMs - performance.now()), false);
    const all = Promise.all(streams.map((stream) => stream.opened)).then(
      () => true,
      () => false,
    );
    if (!(await Promise.race([all, late]))) return { type: 'grown', isComplete: false };
    // A step of 7 spreads any number of streams evenly over the time of a frame.
    for (const [at, stream] of streams.entries()) slots[((batch[at] ?? 0) * 7) % FRAME_MS]?.push(stream);
  }
  await delay(request.settleMs);
  return { type: 'grown', isComplete: true };
}

async function measure({ measureMs }: Extract<LoadRequest, { type: 'measure' }>): Promise<LoadMeasured> {
  latency.reset();
  ownLateness.reset();
  const before = { ...counted };
  const startMs = performance.now();
  const cpuBefore = process.cpuUsage();
  await delay(measureMs);
  const elapsedMs = performance.now() - startMs;
  const cpu = process.cpuUsage(cpuBefore);
  for (const stream of slots.flat()) if (stream.failure !== undefined) throw new Error(stream.failure);
  return {
    type: 'measured',
    calls: opened,
    elapsedMs,
    framesSent: counted.sent - before.sent,
    framesHeard: counted.heard - before.heard,
    framesRefused: counted.refused - before.refused,
    latencyMs: { p50: latency.percentile(50) / 1_000, p99: latency.percentile(99) / 1_000 },
    ownLatenessMs: { p99: ownLateness.percentile(99) / 1_000 },
    ownCpuShare: (cpu.user + cpu.system) / 1_000 / elapsedMs,
    lanes: {
      messages: counted.messages - before.messages,
      units: counted.units - before.units,
      bytes: counted.bytes - before.bytes,
    },
  };
}

async function answer(request: LoadRequest): Promise<Prepared | Grown | LoadMeasured> {
  switch (request.type) {
    case 'prepare':
      return { type: 'prepared', workerUrl: await startWorker() };
    case 'grow':
      return await grow(request);
    case 'measure':
      return await measure(request);
  }
}

process.on('message', (request: LoadRequest) => {
  answer(request).then(
    (message) => process.send?.(message),
    (error: unknown) => process.send?.({ type: 'failed', message: String(error) } satisfies Failed),
  );
});
process.once('disconnect', () => process.exit(0));
