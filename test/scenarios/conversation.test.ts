/** A caller and a worker that talks at length: what becomes of it when the caller speaks over it. */
import { it } from 'vitest';
import { makeCall } from '../../local/run/client/make-call.ts';
import { compileReport } from '../../local/run/client/report.ts';
import { STORY_MS, story } from '../fixtures/worker-app/story.ts';
import { FIXTURE_NUMBERS } from '../support/fixture-workers.ts';
import { scriptedCall } from '../support/scripted-call.ts';
import { sharedSystem } from '../support/shared-system.ts';
import { speechLike, talkspurts } from '../support/signals.ts';

const CALLER = '+14255550199';
const RATE = 16_000;
const SAMPLES_PER_MS = RATE / 1000;
/** How exactly the relay knows what was heard. What the emulator itself was late, on a busy machine, comes on top. */
const TOLERANCE_MS = 40;

const test = sharedSystem();

/** Speech at these times of the call, in milliseconds. */
function speechAt(...times: readonly (readonly [fromMs: number, ms: number])[]): Int16Array {
  const end = Math.max(...times.map(([fromMs, ms]) => fromMs + ms));
  const samples = new Int16Array(end * SAMPLES_PER_MS);
  for (const [fromMs, ms] of times)
    samples.set(speechLike(ms * SAMPLES_PER_MS, RATE), fromMs * SAMPLES_PER_MS);
  return samples;
}

function includes({ buffer, byteOffset, byteLength }: Int16Array, part: Int16Array): boolean {
  return Buffer.from(buffer, byteOffset, byteLength).includes(
    Buffer.from(part.buffer, part.byteOffset, part.byteLength),
  );
}

async function call(to: string, samples: Int16Array, tailMs: number) {
  const evidence = await makeCall(test.system, {
    from: CALLER,
    to,
    speech: { samples, sampleRateHz: RATE },
    tailMs,
  });
  const report = compileReport(evidence);
  return {
    heard: talkspurts(evidence.heard.samples, RATE / 10),
    report,
    toleranceMs: TOLERANCE_MS + report.emulatorLatenessMs.max,
  };
}

it.concurrent('ends when the caller speaks over it; the worker knows how much was heard and answers what he said', async ({
  expect,
}) => {
  const { heard, report, toleranceMs } = await call(
    FIXTURE_NUMBERS.stop,
    speechAt([0, 1_000], [4_000, 1_000]),
    8_000,
  );
  expect(report.outcome).toBe('completed');
  expect(report.stopAudioCount).toBe(1);
  expect(heard, 'two answers').toHaveLength(2);
  const [first = new Int16Array(), second = new Int16Array()] = heard;
  expect(first, 'the first answer, as far as it was heard').toEqual(
    story(RATE, 1, 1).subarray(0, first.length),
  );
  const heardMs = first.length / SAMPLES_PER_MS;
  expect(heardMs, 'heard of the first answer').toBeGreaterThan(500);
  expect(heardMs, 'heard of the first answer').toBeLessThan(STORY_MS - 1_000);
  const toldMs = second[0] ?? Number.NaN;
  expect(
    Math.abs(toldMs - heardMs),
    `told ${toldMs} ms, heard ${heardMs} ms, allowed ${toleranceMs} ms`,
  ).toBeLessThanOrEqual(toleranceMs);
  expect(second, 'the second answer, whole').toEqual(story(RATE, 2, toldMs));
});

it.concurrent('played from a handler that goes on, ends the handler too: it knows how much was heard, and the caller is answered', async ({
  expect,
}) => {
  const question = { type: 'say', audio: { samples: speechAt([0, 1_000]), sampleRateHz: RATE } } as const;
  const end = story(RATE, 2, 1).subarray(-160);
  const { heard, emulatorLatenessMs } = await scriptedCall(
    test,
    CALLER,
    FIXTURE_NUMBERS.stream,
    [
      question,
      { type: 'waitUntil', heard: { type: 'speech', forMs: 1_000 }, withinMs: 30_000 },
      question,
      { type: 'wait', ms: 60_000 },
    ],
    (samples) => includes(samples, end),
  ).then((evidence) => ({ ...evidence, ...compileReport(evidence) }));
  const [first = new Int16Array(), second = new Int16Array()] = talkspurts(heard.samples, RATE / 10);
  expect(first, 'the first answer, as far as it was heard').toEqual(
    story(RATE, 1, 1).subarray(0, first.length),
  );
  const toldMs = second[0] ?? Number.NaN;
  const apartMs = Math.abs(toldMs - first.length / SAMPLES_PER_MS);
  expect(apartMs, `told ${toldMs} ms`).toBeLessThanOrEqual(TOLERANCE_MS + emulatorLatenessMs.max);
  expect(second, 'the second answer, whole').toEqual(story(RATE, 2, toldMs));
});

it.concurrent('goes on where it stopped when the caller only coughed', async ({ expect }) => {
  const { heard, report, toleranceMs } = await call(
    FIXTURE_NUMBERS.pause,
    speechAt([0, 1_000], [4_000, 240]),
    7_000,
  );
  expect(report.outcome).toBe('completed');
  expect(report.stopAudioCount).toBe(1);
  const whole = story(RATE, 1, 1);
  const [before = new Int16Array(), after = new Int16Array()] = heard;
  expect(before, 'until the cough').toEqual(whole.subarray(0, before.length));
  expect(before.length).toBeLessThan(whole.length);
  const rest = after.subarray(0, Math.min(after.length, 10 * SAMPLES_PER_MS));
  const resumedAt =
    Buffer.from(whole.buffer).indexOf(Buffer.from(rest.buffer, rest.byteOffset, rest.byteLength)) / 2;
  expect(
    Math.abs(resumedAt - before.length) / SAMPLES_PER_MS,
    'ms between stop and start',
  ).toBeLessThanOrEqual(toleranceMs);
  const tail = whole.subarray(resumedAt);
  expect(after.subarray(0, tail.length), 'the rest of the answer').toEqual(tail);
});

it.concurrent('is heard whole and at once beside a worker of lower priority that talks too much', async ({
  expect,
}) => {
  const end = story(RATE, 1, 1).subarray(-160);
  const isToldToTheEnd = (samples: Int16Array): boolean => includes(samples, end);
  // The caller waits for the other one, however long that one is held up.
  const { telephone, heard: all } = await scriptedCall(
    test,
    CALLER,
    FIXTURE_NUMBERS.crowd,
    [
      { type: 'waitUntil', heard: { type: 'speech', forMs: 100 }, withinMs: 30_000 },
      { type: 'say', audio: { samples: speechAt([0, 1_000]), sampleRateHz: RATE } },
    ],
    isToldToTheEnd,
  );
  expect(telephone.outcome).toBe('hungUpByCaller');
  const whole = story(RATE, 1, 1);
  const [beginning, heard] = [
    whole.subarray(0, 160),
    Buffer.from(all.samples.buffer, all.samples.byteOffset, all.samples.byteLength),
  ];
  const at = heard.indexOf(Buffer.from(beginning.buffer, beginning.byteOffset, beginning.byteLength)) / 2;
  expect(at, 'where the story begins').toBeGreaterThan(0);
  expect(all.samples.subarray(at, at + whole.length), 'the story').toEqual(whole);
  const flood = story(RATE, 99, 1).subarray(0, 160);
  const before = heard.indexOf(Buffer.from(flood.buffer, flood.byteOffset, flood.byteLength)) / 2;
  expect(before, 'the other one was heard before it').toBeGreaterThan(-1);
  expect(before).toBeLessThan(at);
});
