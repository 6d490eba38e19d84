import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeCall } from '../../local/client/make-call.ts';
import { type CallReport, compileReport } from '../../local/client/report.ts';
import { findNumber } from '../../local/stack/directory.ts';
import type { ChunkLine } from '../fixtures/worker-app/chunk-line.ts';
import { expectHeard } from '../support/heard.ts';
import { jsonLines } from '../support/json-lines.ts';
import { noise, speechLike } from '../support/signals.ts';
import { LONG_LEAD, startTestSystem, type TestSystem } from '../support/system.ts';

const CALLER = '+14255550199';
const FOUR = '+14255550195';
const FORMAT = 'pcm16KMono';
const RATE = 16_000;
const PIECE_MS = 20;
const PIECE_SAMPLES = (PIECE_MS * RATE) / 1_000;

let test: TestSystem;
let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trunkline-chunks-'));
  file = join(folder, 'chunks.jsonl');
  test = await startTestSystem({
    extraEnv: { ...LONG_LEAD, worker: { CHUNKS_FILE: file } },
    workerApp: join(import.meta.dirname, '../fixtures/worker-app/main.ts'),
    routes: [
      {
        name: 'four',
        match: { to: FOUR },
        workers: [
          { name: 'parrot', listen: { mode: 'utterance' }, bargeIn: { policy: 'never' }, priority: 1 },
          { name: 'echo', speaks: false },
          { name: 'sleeper', speaks: false },
          { name: 'flooder' },
        ],
      },
    ],
  });
});
afterAll(async () => {
  await test?.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Heard {
  readonly said: Int16Array;
  readonly heard: Int16Array;
  readonly report: CallReport;
}

async function callTo(worker: string, seconds: number, tailMs: number): Promise<Heard> {
  const to = findNumber(test.system.directory, worker, FORMAT) ?? '';
  const speech = { samples: noise(seconds * RATE, 11), sampleRateHz: RATE };
  const evidence = await makeCall(test.system, { from: CALLER, to, speech, tailMs });
  return { said: speech.samples, heard: evidence.heard.samples, report: compileReport(evidence) };
}

/** The chunks that a worker was given in this call. Who is held up is given longer ones, so that nobody can tell their number beforehand. */
async function chunksOf({ callId }: CallReport): Promise<ChunkLine[]> {
  return jsonLines<ChunkLine>(await readFile(file, 'utf8')).filter((line) => line.callId === callId);
}

/** The 20 ms pieces of a stream of which a chunk consists, as their numbers. */
function piecesOf({ timestamp, samples }: ChunkLine): number[] {
  return Array.from({ length: samples / PIECE_SAMPLES }, (_, i) => timestamp / PIECE_SAMPLES + i);
}

/** The 20 ms pieces of what was said that are heard again, each looked for after the one before, as their numbers. */
function piecesHeard(said: Int16Array, heard: Int16Array): number[] {
  const length = PIECE_SAMPLES;
  const starts = new Map<string, number>();
  for (let i = 0; i + length <= said.length; i += length)
    starts.set(said.subarray(i, i + length).join(), i / length);
  const pieces: number[] = [];
  let at = heard.findIndex((sample) => sample !== 0);
  while (at >= 0 && at + length <= heard.length) {
    const piece = starts.get(heard.subarray(at, at + length).join());
    if (piece !== undefined) pieces.push(piece);
    at += length;
  }
  return pieces;
}

it.concurrent('loses the chunks for which a worker throws and no other, and the report says how much', async () => {
  const { said, heard, report } = await callTo('thrower', 3, 1_000);
  const [worker] = report.workers;
  expect(report.outcome).toBe('completed');
  const chunks = await chunksOf(report);
  const answered = chunks.filter(({ answer }) => answer === 'audio').flatMap(piecesOf);
  const failed = chunks.filter(({ answer }) => answer === 'error');
  const lost = failed.flatMap(piecesOf);
  expect(failed.length, 'chunks for which the worker threw').toBeGreaterThan(0);
  const saidPieces = said.length / PIECE_SAMPLES;
  expect(piecesHeard(said, heard), 'each piece of the other chunks once, in order, and no other').toEqual(
    answered.filter((piece) => piece < saidPieces),
  );
  expect(worker?.chunksFailed, 'chunks that failed').toBe(failed.length);
  expect(worker?.lostMs, 'milliseconds lost').toBe(lost.length * PIECE_MS);
  expect(worker?.droppedMs, 'a worker that throws at once keeps nobody waiting').toBe(0);
});

it.concurrent('loses what a worker does not hear while it takes eight seconds, counts it, and goes on', {
  timeout: 60_000,
}, async () => {
  const { said, heard, report } = await callTo('sleeper', 12, 4_000);
  const pieces = piecesHeard(said, heard);
  const [worker] = report.workers;
  expect(report.outcome).toBe('completed');
  expect(pieces, 'pieces in the order in which they were said').toEqual(pieces.toSorted((a, b) => a - b));
  expect(worker?.droppedMs, 'audio that waited longer than the bound').toBeGreaterThan(2_000);
  const missing = said.length / PIECE_SAMPLES - pieces.length;
  const counted = ((worker?.droppedMs ?? 0) + (worker?.lostMs ?? 0)) / PIECE_MS;
  // The chunk for which the worker answered nothing was neither lost nor dropped, so it is the whole difference.
  const unanswered = (await chunksOf(report)).filter(({ answer }) => answer === 'nothing').flatMap(piecesOf);
  expect(missing - counted, 'pieces that are missing and not accounted for').toBeLessThanOrEqual(
    unanswered.length,
  );
  expect(pieces.at(-1), 'the last piece said is heard').toBe(said.length / PIECE_SAMPLES - 1);
});

it.concurrent('serves two workers of a call as if the other two, one too slow and one too loud, were not there', {
  timeout: 60_000,
}, async () => {
  const sentence = speechLike(RATE, RATE);
  const samples = Int16Array.from([...new Int16Array(RATE), ...sentence]);
  const speech = { samples, sampleRateHz: RATE };
  const evidence = await makeCall(test.system, { from: CALLER, to: FOUR, speech, tailMs: 11_000 });
  const report = compileReport(evidence);
  expect(report.outcome).toBe('completed');
  expectHeard(evidence, sentence);
  const [parrot, echo, sleeper, flooder] = ['parrot', 'echo', 'sleeper', 'flooder'].map((name) =>
    report.workers.find((worker) => worker.name === name),
  );
  expect(parrot).toMatchObject({ chunksSent: 1, chunksAcked: 1, repliesPlayed: 1, droppedMs: 0 });
  expect(echo, 'it hears everything').toMatchObject({ chunksFailed: 0, lostMs: 0, droppedMs: 0 });
  expect(sleeper?.droppedMs, 'the slow one misses what does not fit').toBeGreaterThan(2_000);
  expect(flooder?.repliesPlayed, 'the loud one was heard').toBeGreaterThan(0);
  expect(report.stopAudioCount, 'and was made to stop for the parrot').toBeGreaterThanOrEqual(1);
});
