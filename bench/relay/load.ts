/**
 * The load of the measurement, a process of its own: streams in real time, lanes and worker, and the account of what
 * comes back.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { mediaPath, sealTicket } from '../../shared/wire/signed/ticket.ts';
import type { Failed } from '../common/pinned-process.ts';
import { AcsStream, type StreamListener } from './acs-stream.ts';
import { scriptedFrame } from './barge-in-script.ts';
import { startEchoWorker } from './echo-worker.ts';
import { type LaneEcho, startLaneEcho } from './lane-echo.ts';
import { LoadAccount } from './load-account.ts';
import { FRAME_MS, numberOfPcm, PCM_BYTES } from './media-frame.ts';
import type { Grown, LoadMeasured, LoadRequest, Prepared } from './messages.ts';
import { TICKET_KEY } from './relay-settings.ts';
import { WorkerSpeech } from './worker-speech.ts';

/** Streams opened at a time, and the longest that this may take. */
const OPENED_AT_ONCE = 20;
const OPEN_LIMIT_MS = 15_000;
const RTP_BYTES = 12;
/** Remembered times at which the lanes answered; more than can be under way. */
const REMEMBERED = 64;

type Grow = Extract<LoadRequest, { type: 'grow' }>;

/** A stream with what belongs to it. */
interface Call {
  readonly index: number;
  readonly stream: AcsStream;
  readonly script: Grow['script'];
  /** When the lane answered the chunk that ends with this frame. */
  readonly answeredAtMs: Float64Array;
  readonly speech: WorkerSpeech;
}

const account = new LoadAccount();
/** Calls by the millisecond of a frame's time in which they send. */
const slots: Call[][] = Array.from({ length: FRAME_MS }, () => []);
/**
 * Open calls that have not begun, by the millisecond of this time in which they will. Calls of a telephone system begin
 * independently of each other; those of one load would have all of their chunks end together if each sent its first
 * frame when it is opened.
 */
const BEGINNINGS_MS = 600;
const beginnings: Call[][] = Array.from({ length: BEGINNINGS_MS }, () => []);
/** Has no factor in common with `BEGINNINGS_MS`, and spreads any number of calls evenly over it, and over a chunk. */
const BEGINNING_STEP = 371;
const calls = new Map<string, Call>();
let lanes: LaneEcho | undefined;
let opened = 0;

/** The next millisecond whose streams are to send. */
let dueMs = Math.ceil(performance.now());

function tick(): void {
  const nowMs = performance.now();
  const time = Buffer.from(new Date().toISOString(), 'latin1');
  for (; dueMs <= nowMs; dueMs++) {
    const slot = slots[dueMs % FRAME_MS] ?? [];
    slot.push(...(beginnings[dueMs % BEGINNINGS_MS]?.splice(0) ?? []));
    for (const call of slot) send(call, time);
  }
  setTimeout(tick, 1);
}
tick();

function send(call: Call, time: Buffer): void {
  const { stream, script, index } = call;
  if (script === 'barge-in' && scriptedFrame(index, stream.next).workerBegins)
    lanes?.lanes.get(callIdOf(index))?.send(call.speech.packet());
  const sentAtMs = performance.now();
  account.ownLateness.add(sentAtMs - dueMs);
  if (stream.send(time, sentAtMs)) account.sent += 1;
  else account.refused += 1;
}

function laneAudio(callId: string, packet: Buffer): Buffer | undefined {
  const call = calls.get(callId);
  account.laneMessage(packet.byteLength);
  if (call?.script === 'barge-in') return undefined;
  account.laneMessage(packet.byteLength);
  const number = numberOfPcm(packet, Math.max(RTP_BYTES, packet.byteLength - PCM_BYTES));
  if (call === undefined || number < 0) return packet;
  const nowMs = performance.now();
  account.toLane.add(nowMs - call.stream.sentAtMs(number));
  call.answeredAtMs[number % REMEMBERED] = nowMs;
  return packet;
}

function laneEvent(callId: string, text: string): void {
  account.laneMessage(Buffer.byteLength(text));
  calls.get(callId)?.speech.hear(text);
}

function listenerOf(call: () => Call | undefined): StreamListener {
  return {
    heard(number, latencyMs, spokenToPlayedMs, isNewest) {
      account.returned += 1;
      account.heard.add(spokenToPlayedMs);
      if (!isNewest) return;
      account.latency.add(latencyMs);
      const answeredAtMs = call()?.answeredAtMs[number % REMEMBERED];
      if (answeredAtMs) account.fromLane.add(performance.now() - answeredAtMs);
    },
    stopped: (afterSureMs) => account.stop.add(afterSureMs),
  };
}

function callIdOf(index: number): string {
  return `benchmark${String(index).padStart(10, '0')}`;
}

async function urlOf({ url, path, worker }: Grow, index: number): Promise<URL> {
  if (path === 'plain') return new URL(url);
  const callId = callIdOf(index);
  const ticket = {
    callId,
    from: '4:+14255550100',
    to: '4:+14255550199',
    plan: {
      format: 'pcm16KMono',
      channels: 'mixed',
      startStreaming: true,
      dtmf: false,
      workers: [worker],
    },
    expiresAtMs: Date.now() + 3_600_000,
  } as const;
  return new URL(url + mediaPath(callId, await sealTicket(ticket, TICKET_KEY, Date.now())));
}

async function open(request: Grow, index: number): Promise<Call> {
  const listener = listenerOf(() => calls.get(callIdOf(index)));
  const stream = new AcsStream(await urlOf(request, index), index, listener, request.script);
  const answeredAtMs = new Float64Array(REMEMBERED);
  const call = { index, stream, script: request.script, answeredAtMs, speech: new WorkerSpeech() };
  calls.set(callIdOf(index), call);
  return call;
}

async function grow(request: Grow): Promise<Grown> {
  const giveUpMs = performance.now() + OPEN_LIMIT_MS;
  while (opened < request.calls) {
    const indexes = Array.from(
      { length: Math.min(OPENED_AT_ONCE, request.calls - opened) },
      (_, at) => opened + at,
    );
    opened += indexes.length;
    const batch = await Promise.all(indexes.map((index) => open(request, index)));
    const late = delay(Math.max(0, giveUpMs - performance.now()), false);
    const all = Promise.all(batch.map(({ stream }) => stream.opened)).then(
      () => true,
      () => false,
    );
    if (!(await Promise.race([all, late]))) return { type: 'grown', isComplete: false };
    for (const call of batch) beginnings[(call.index * BEGINNING_STEP) % BEGINNINGS_MS]?.push(call);
  }
  await delay(BEGINNINGS_MS + request.settleMs);
  return { type: 'grown', isComplete: true };
}

async function measure({ measureMs }: Extract<LoadRequest, { type: 'measure' }>): Promise<LoadMeasured> {
  account.reset();
  const startMs = performance.now();
  const cpuBefore = process.cpuUsage();
  await delay(measureMs);
  const elapsedMs = performance.now() - startMs;
  const cpu = process.cpuUsage(cpuBefore);
  for (const { stream } of slots.flat()) if (stream.failure !== undefined) throw new Error(stream.failure);
  return {
    type: 'measured',
    calls: opened,
    elapsedMs,
    framesSent: account.sent,
    framesHeard: account.returned,
    framesRefused: account.refused,
    latencyMs: account.latency.percentiles,
    toLaneMs: account.toLane.percentiles,
    fromLaneMs: account.fromLane.percentiles,
    heardMs: account.heard.percentiles,
    stopMs: account.stop.percentiles,
    ownLatenessMs: account.ownLateness.percentiles,
    ownCpuShare: (cpu.user + cpu.system) / 1_000 / elapsedMs,
    lanes: account.lanes,
  };
}

async function prepare(): Promise<Prepared> {
  lanes = await startLaneEcho({ audio: laneAudio, event: laneEvent });
  const workerUrl = await startEchoWorker((bytes) => account.laneMessage(bytes));
  return { type: 'prepared', workerUrl, laneUrl: lanes.url };
}

async function answer(request: LoadRequest): Promise<Prepared | Grown | LoadMeasured> {
  switch (request.type) {
    case 'prepare':
      return await prepare();
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
