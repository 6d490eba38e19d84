/** `npm run demo`: a recording is said to the robot, and what the caller hears must be that voice, ring-modulated. */
import { mkdir, writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AUDIO_FORMATS } from '../../shared/core/audio-format.ts';
import { align } from '../audio/align.ts';
import { writeWav } from '../phone/wav.ts';
import { findNumber } from '../stack/directory.ts';
import { readSpeech } from './call.ts';
import { CallDisplay } from './call-display.ts';
import { makeCall } from './make-call.ts';
import { compileReport, withoutTrailingSilence } from './report.ts';
import { useSystem } from './system.ts';
import { reportInWords, timelineInWords } from './words.ts';

const SAMPLE = fileURLToPath(new URL('../../samples/hello.wav', import.meta.url));
const OUTPUT = fileURLToPath(new URL('../../out/demo.wav', import.meta.url));
const FORMAT = 'pcm16KMono';
const CALLER = '+14255550199';
const TAIL_MS = 1_500;
const MAX_DELAY_MS = 5_000;

/** The robot's voice as it is described, computed here apart from the worker: each sample times a 50 Hz cosine from the first on. */
const CARRIER_HZ = 50;
/** The demo succeeds when what was heard agrees with that by at least this much. */
const LEAST_AGREEMENT_DB = 30;

export async function demoCommand(): Promise<number> {
  const { sampleRateHz } = AUDIO_FORMATS[FORMAT];
  const speech = await readSpeech(SAMPLE, sampleRateHz);
  process.stdout.write(
    'Starting ACS, Event Grid, Web PubSub, table storage, the relay and two function apps …\n',
  );
  const { system, close } = await useSystem();
  try {
    const display = new CallDisplay(process.stdout);
    const to = findNumber(system.directory, 'robot', FORMAT);
    if (to === undefined) throw new Error('the worker app of this system has no worker "robot"');
    display.print(`Calling the robot at ${to} with samples/hello.wav …\n`);
    const evidence = await makeCall(system, { from: CALLER, to, speech, tailMs: TAIL_MS }, (seen) =>
      display.show([seen]),
    );
    const report = compileReport(evidence);
    display.print(`\n${timelineInWords(report)}\n\n${reportInWords(report)}\n`);

    const { said, heard } = evidence;
    await mkdir(new URL('.', new URL('../../out/demo.wav', import.meta.url)), { recursive: true });
    await writeFile(OUTPUT, writeWav(heard.samples, heard.sampleRateHz));
    const expected = ringModulated(withoutTrailingSilence(said.samples), sampleRateHz);
    const found = align(expected, heard.samples, (MAX_DELAY_MS * sampleRateHz) / 1_000);
    const agreement = found?.signalToErrorDb ?? Number.NEGATIVE_INFINITY;
    display.print(`What the caller heard is in ${relative(process.cwd(), OUTPUT)}.`);
    if (agreement < LEAST_AGREEMENT_DB) {
      display.print(
        `FAILED: it is not the robot's voice (agreement ${agreement.toFixed(1)} dB, at least ${LEAST_AGREEMENT_DB} dB expected).`,
      );
      return 1;
    }
    const error = Number.isFinite(agreement)
      ? `signal to error ${agreement.toFixed(1)} dB`
      : 'no error at all';
    display.print(`It is the caller's voice as a robot, compared sample by sample: ${error}.`);
    return 0;
  } finally {
    await close();
  }
}

function ringModulated(samples: Int16Array, sampleRateHz: number): Int16Array {
  return samples.map((sample, n) =>
    Math.round(sample * Math.cos((2 * Math.PI * CARRIER_HZ * n) / sampleRateHz)),
  );
}
