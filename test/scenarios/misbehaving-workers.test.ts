import { expect, it } from 'vitest';
import { type CallReport, compileReport } from '../../local/run/client/report.ts';
import { findNumber } from '../../local/run/stack/directory.ts';
import type { ChunkLine } from '../fixtures/worker-app/chunk-line.ts';
import { callUntilHeard } from '../support/call-until-heard.ts';
import { FIXTURE_NUMBERS, writtenChunks } from '../support/fixture-workers.ts';
import { expectHeard, isHeardToEnd } from '../support/heard.ts';
import { scriptedCall } from '../support/scripted-call.ts';
import { sharedSystem } from '../support/shared-system.ts';
import { noise, speechLike } from '../support/signals.ts';

const CALLER = '+14255550199';
const FORMAT = 'pcm16KMono';
const RATE = 16_000;
const PIECE_MS = 20;
const PIECE_SAMPLES = (PIECE_MS * RATE) / 1_000;

const test = sharedSystem();

/**
 * The chunks that a worker was given in this call. Who is held up is given longer ones, so that nobody can tell their
 * number beforehand.
 */
async function chunksOf({ callId }: CallReport): Promise<ChunkLine[]> {
  return (await writtenChunks()).filter((line) => line.callId === callId);
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
  const to = findNumber(test.system.directory, 'thrower', FORMAT) ?? '';
  const said = noise(3 * RATE, 11);
  const saidPieces = said.length / PIECE_SAMPLES;
  /** Everything that was said has come to the worker, and everything that it answered was heard. */
  const isEnough = async (samples: Int16Array): Promise<boolean> => {
    const lines = await writtenChunks();
    // No other worker throws.
    const callId = lines.find(({ answer }) => answer === 'error')?.callId;
    const own = lines.filter((line) => line.callId === callId);
    if (!own.flatMap(piecesOf).includes(saidPieces - 1)) return false;
    const wanted = own.filter(({ answer }) => answer === 'audio').flatMap(piecesOf);
    return piecesHeard(said, samples).length >= wanted.filter((piece) => piece < saidPieces).length;
  };
  const speech = { samples: said, sampleRateHz: RATE };
  const evidence = await callUntilHeard(test, { from: CALLER, to, speech }, isEnough);
  const heard = evidence.heard.samples;
  const report = compileReport(evidence);
  const [worker] = report.workers;
  expect(report.outcome).toBe('completed');
  const chunks = await chunksOf(report);
  const answered = chunks.filter(({ answer }) => answer === 'audio').flatMap(piecesOf);
  const failed = chunks.filter(({ answer }) => answer === 'error');
  expect(failed.length, 'chunks for which the worker threw').toBeGreaterThan(0);
  expect(piecesHeard(said, heard), 'each piece of the other chunks once, in order, and no other').toEqual(
    answered.filter((piece) => piece < saidPieces),
  );
  // The relay was not told of a chunk that the worker had when the caller hung up.
  const { chunksSent = 0, chunksAcked = 0, chunksFailed = 0 } = worker ?? {};
  const untold = failed.length - chunksFailed;
  expect(untold, 'chunks that failed and are not counted').toBeGreaterThanOrEqual(0);
  expect(untold, 'of those, chunks that were on their way at the end').toBeLessThanOrEqual(
    chunksSent - chunksAcked - chunksFailed,
  );
  expect(worker?.lostMs, 'milliseconds lost').toBe(
    failed.slice(0, chunksFailed).flatMap(piecesOf).length * PIECE_MS,
  );
  expect(worker?.droppedMs, 'a worker that throws at once keeps nobody waiting').toBe(0);
});

it.concurrent('loses what a worker does not hear while it takes eight seconds, counts it, and goes on', async () => {
  const to = findNumber(test.system.directory, 'sleeper', FORMAT) ?? '';
  const said = noise(12 * RATE, 11);
  const lastPiece = said.length / PIECE_SAMPLES - 1;
  const speech = { samples: said, sampleRateHz: RATE };
  const evidence = await callUntilHeard(
    test,
    { from: CALLER, to, speech },
    (samples) => piecesHeard(said, samples).at(-1) === lastPiece,
  );
  const report = compileReport(evidence);
  const pieces = piecesHeard(said, evidence.heard.samples);
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
  expect(pieces.at(-1), 'the last piece said is heard').toBe(lastPiece);
});

it.concurrent('serves two workers of a call as if the other two, one too slow and one too loud, were not there', async () => {
  const sentence = speechLike(RATE, RATE);
  // The caller waits for the loud one, however long that one is held up.
  const evidence = await scriptedCall(
    test,
    CALLER,
    FIXTURE_NUMBERS.four,
    [
      { type: 'waitUntil', heard: { type: 'speech', forMs: 100 }, withinMs: 30_000 },
      { type: 'wait', ms: 1_000 },
      { type: 'say', audio: { samples: sentence, sampleRateHz: RATE } },
    ],
    (heard, { workers }) => {
      const droppedMs = workers.find(({ name }) => name === 'sleeper')?.droppedMs ?? 0;
      return droppedMs > 2_000 && isHeardToEnd(sentence, RATE)(heard);
    },
  );
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
