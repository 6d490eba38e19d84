/** A system that was started with a resident worker: its calls are heard by the process that stays with them. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compileReport } from '../../local/run/client/report.ts';
import { findNumber } from '../../local/run/stack/directory.ts';
import { callUntilHeard } from '../support/call-until-heard.ts';
import { expectHeard, isHeardToEnd } from '../support/heard.ts';
import { speechLike } from '../support/signals.ts';
import { PATIENT_RELAY, startTestSystem, type TestSystem } from '../support/system.ts';

const RATE = 16_000;

let test: TestSystem;
beforeAll(async () => {
  test = await startTestSystem({ residents: ['echo'], extraEnv: PATIENT_RELAY });
});
afterAll(() => test?.stop());

it.concurrent.each([
  { worker: 'echo', chunksOf: 'the stream, 60 ms at a time', least: 30 },
  { worker: 'parrot', chunksOf: 'utterances, from the worker app as ever', least: 1 },
])(
  'gives a caller of the $worker back what he said, who is heard by $chunksOf',
  async ({ worker, least }) => {
    const speech = { samples: speechLike(2 * RATE, RATE), sampleRateHz: RATE };
    const to = findNumber(test.system.directory, worker, 'pcm16KMono') ?? '';
    const evidence = await callUntilHeard(
      test,
      { from: '+14255550199', to, speech },
      isHeardToEnd(speech.samples, RATE),
    );
    const report = compileReport(evidence);
    expect(report.outcome).toBe('completed');
    expectHeard(evidence, speech.samples);
    const [counts] = report.workers;
    expect(counts).toMatchObject({ name: worker, chunksFailed: 0, lostMs: 0, droppedMs: 0 });
    expect(counts?.chunksSent).toBeGreaterThanOrEqual(least);
    if (worker === 'echo')
      expect(
        test.log.some((line) => line.includes('[resident workers]') && line.includes('takes calls')),
      ).toBe(true);
  },
);
