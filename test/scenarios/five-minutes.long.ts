import { afterAll, beforeAll, expect, it } from 'vitest';
import { align } from '../../local/phone/align.ts';
import { makeCall } from '../../local/run/client/make-call.ts';
import { compileReport } from '../../local/run/client/report.ts';
import { findNumber } from '../../local/run/stack/directory.ts';
import { AUDIO_FORMATS } from '../../shared/audio/audio-format.ts';
import { speechLike } from '../support/signals.ts';
import { PATIENT_RELAY, startTestSystem, type TestSystem } from '../support/system.ts';

const MINUTES = 5;

let test: TestSystem;
beforeAll(async () => {
  test = await startTestSystem({ extraEnv: PATIENT_RELAY });
});
afterAll(() => test?.stop());

it.concurrent.each(['pcm16KMono', 'pcm24KMono'] as const)(
  'five minutes of %s come back from the echo bit-exact',
  async (format) => {
    const { sampleRateHz } = AUDIO_FORMATS[format];
    const speech = { samples: speechLike(MINUTES * 60 * sampleRateHz, sampleRateHz), sampleRateHz };
    const to = findNumber(test.system.directory, 'echo', format) ?? '';
    const evidence = await makeCall(test.system, { from: '+14255550199', to, speech, tailMs: 2_000 });
    const report = compileReport(evidence);
    process.stdout.write(`${format}: ${JSON.stringify({ ...report, events: undefined })}\n`);
    const found = align(speech.samples, evidence.heard.samples, evidence.heard.samples.length);
    expect(found, 'what was heard, beside what was said').toMatchObject({ exact: true });
  },
);
