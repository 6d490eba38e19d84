/**
 * A conversation of six turns: the caller cuts two of the answers short, and coughs into a third. Judged by what was
 * heard.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeCall } from '../../local/run/client/make-call.ts';
import { compileReport } from '../../local/run/client/report.ts';
import { SHORT_STORY_MS, story } from '../fixtures/worker-app/story.ts';
import { speechLike, talkspurts } from '../support/signals.ts';
import { LONG_LEAD, startTestSystem, type TestSystem } from '../support/system.ts';

const NUMBER = '+14255550195';
const RATE = 16_000;
const SAMPLES_PER_MS = RATE / 1000;
const SENTENCE_MS = 1_000;
/** How exactly the relay knows what was heard. What the emulator itself was late, on a busy machine, comes on top. */
const TOLERANCE_MS = 40;
/**
 * Silence that ends an utterance, the worker, and the way there and back: 0.8 s, and on a busy machine what it holds up
 * each of the parts.
 */
const LONGEST_WAIT_MS = 3_000;

/** What the caller says, and when, in milliseconds. An answer begins about 0.8 s after a sentence and lasts 3 s. */
const SENTENCES = {
  first: 500,
  second: 5_500,
  bargeIn: 8_800,
  fourth: 15_500,
  bargeInAgain: 18_800,
  last: 24_500,
};
const COUGH = { atMs: 12_000, ms: 240 };

let test: TestSystem;
beforeAll(async () => {
  test = await startTestSystem({
    workerApp: join(import.meta.dirname, '../fixtures/worker-app/main.ts'),
    extraEnv: LONG_LEAD,
    routes: [
      {
        name: 'companion',
        match: { to: NUMBER },
        workers: [
          {
            name: 'companion',
            listen: { mode: 'utterance' },
            bargeIn: { policy: 'pause', falseAfterMs: 600 },
          },
        ],
      },
    ],
  });
});
afterAll(() => test?.stop());

function everythingSaid(): Int16Array {
  const samples = new Int16Array((SENTENCES.last + SENTENCE_MS) * SAMPLES_PER_MS);
  for (const atMs of Object.values(SENTENCES))
    samples.set(speechLike(SENTENCE_MS * SAMPLES_PER_MS, RATE), atMs * SAMPLES_PER_MS);
  samples.set(speechLike(COUGH.ms * SAMPLES_PER_MS, RATE), COUGH.atMs * SAMPLES_PER_MS);
  return samples;
}

it('is heard as it should be: four answers whole, two cut short, one of them whole with a pause in it', async () => {
  const evidence = await makeCall(test.system, {
    from: '+14255550199',
    to: NUMBER,
    speech: { samples: everythingSaid(), sampleRateHz: RATE },
    tailMs: 6_000,
  });
  const report = compileReport(evidence);
  expect(report.outcome).toBe('completed');
  expect(report.stopAudioCount, 'two interruptions and a pause').toBe(3);
  const heard = talkspurts(evidence.heard.samples, RATE / 10);
  const told = heard.map(
    (each) =>
      `${(each.byteOffset / 2 / SAMPLES_PER_MS).toFixed(0)}+${(each.length / SAMPLES_PER_MS).toFixed(0)} first ${each[0]}`,
  );
  process.stdout.write(`heard at + for (ms): ${told.join(', ')}\n`);
  expect(heard, 'six answers, one of them in two parts').toHaveLength(7);
  const [one, two, three, rest, four, five, six] = heard.map((samples) => Array.from(samples));
  const toleranceMs = TOLERANCE_MS + report.emulatorLatenessMs.max;

  const whole = (number: number, first: number): number[] =>
    Array.from(story(RATE, number, first, SHORT_STORY_MS));
  expect(one, 'the first answer').toEqual(whole(1, 1));
  /**
   * An answer that was cut short, and the next one, whose first sample says how much the worker was told was heard of
   * it.
   */
  const toldAfter = (
    cut: number[] | undefined,
    number: number,
    first: number,
    next: number[] | undefined,
  ): number => {
    expect(cut, `answer ${number}, as far as it was heard`).toEqual(
      whole(number, first).slice(0, cut?.length),
    );
    expect(cut?.length, `answer ${number} was cut short`).toBeLessThan(SHORT_STORY_MS * SAMPLES_PER_MS);
    const heardMs = (cut?.length ?? 0) / SAMPLES_PER_MS;
    const toldMs = next?.[0] ?? Number.NaN;
    expect(Math.abs(toldMs - heardMs), `told ${toldMs} ms, heard ${heardMs} ms`).toBeLessThanOrEqual(
      toleranceMs,
    );
    return toldMs;
  };
  const afterTwo = toldAfter(two, 2, 1, three);
  const third = whole(3, afterTwo);
  expect(three, 'the third answer, until the cough').toEqual(third.slice(0, three?.length));
  const resumedAt = third.length - (rest?.length ?? 0);
  expect(rest, 'the third answer, after the cough').toEqual(third.slice(resumedAt));
  expect(
    Math.abs(resumedAt - (three?.length ?? 0)) / SAMPLES_PER_MS,
    'ms between where it stopped and where it went on',
  ).toBeLessThanOrEqual(toleranceMs);
  const afterFour = toldAfter(four, 4, afterTwo, five);
  expect(five, 'the fifth answer').toEqual(whole(5, afterFour));
  expect(six, 'the sixth answer').toEqual(whole(6, afterFour));

  const turns = evidence.relay?.workers[0]?.turns;
  process.stdout.write(`six turns: ${JSON.stringify(turns)}\n`);
  expect(turns).toMatchObject({ turns: 6, turnsAnswered: 6 });
  expect(turns?.speechLatencyMs.max, 'how long the caller waited at most').toBeLessThan(LONGEST_WAIT_MS);
});
