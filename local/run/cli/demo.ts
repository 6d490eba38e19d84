/** `npm run demo`: a recording is said to the robot, and what the caller hears must be that voice, ring-modulated. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { type Audio, writeWav } from '../../../shared/audio/wav.ts';
import { align } from '../../phone/align.ts';
import { relayCountsOf } from '../client/make-call.ts';
import { compileReport, withoutTrailingSilence } from '../client/report.ts';
import { ScriptClient } from '../client/script-client.ts';
import { reportInWords, timelineInWords } from '../client/words.ts';
import { installed } from '../project/installation.ts';
import { findProject } from '../project/project.ts';
import { checksInWords } from '../scenario/words.ts';
import { CallDisplay } from './call-display.ts';
import { readDemoOptions } from './options.ts';
import { showing } from './part-lines.ts';
import { playShown, readScenario } from './scenario-command.ts';
import { useSystem } from './system.ts';

/** Below the project. */
const OUTPUT = 'out/demo.wav';

/** The robot's voice, computed apart from the worker: each sample times a 50 Hz cosine. */
const CARRIER_HZ = 50;
/** The demo succeeds when what was heard agrees with that by at least this much. */
const LEAST_AGREEMENT_DB = 30;

export async function demoCommand(args: readonly string[]): Promise<number> {
  const { verbose } = readDemoOptions(args);
  const scenario = await readScenario(installed('samples/scenarios/demo.yaml'));
  const display = new CallDisplay(process.stdout);
  const inUse = await useSystem({ ...showing(display, verbose), samples: true });
  const { system, close } = inUse;
  try {
    display.print('Calling the robot with samples/hello.wav …\n');
    const { played, workers } = await playShown(inUse, scenario, display);
    const [call] = played.calls;
    if (call === undefined) throw new Error('the scenario of the demo has nobody who calls');
    const scripts = new ScriptClient(system);
    const [said, heard] = await Promise.all([
      scripts.recording(call.id, 'said'),
      scripts.recording(call.id, 'heard'),
    ]);
    const relay = await relayCountsOf(system, call.followed);
    const report = compileReport({ ...call.followed, relay, said, heard });
    display.print(
      `\n${timelineInWords(report.events)}\n\n${reportInWords(report)}\n\n${checksInWords(played)}\n`,
    );

    const output = join(findProject().folder, OUTPUT);
    await mkdir(dirname(output), { recursive: true });
    await writeFile(output, writeWav(heard.samples, heard.sampleRateHz));
    display.print(`What the caller heard is in ${relative(process.cwd(), output)}.`);
    const isRobot = judgeRobot(said, heard, display);
    workers.end();
    return isRobot && played.checks.every(({ held }) => held) && workers.failures === 0 ? 0 : 1;
  } finally {
    await close();
  }
}

function judgeRobot(said: Audio, heard: Audio, display: CallDisplay): boolean {
  const { sampleRateHz } = said;
  const expected = ringModulated(withoutTrailingSilence(said.samples), sampleRateHz);
  const found = align(expected, heard.samples, heard.samples.length);
  if (found === undefined) {
    display.print("FAILED: what was heard is too short to be all that was said, in the robot's voice.");
    return false;
  }
  const agreement = found.signalToErrorDb;
  if (agreement < LEAST_AGREEMENT_DB) {
    display.print(
      `FAILED: it is not the robot's voice (agreement ${agreement.toFixed(1)} dB, at least ${LEAST_AGREEMENT_DB} dB expected).`,
    );
    return false;
  }
  const error = Number.isFinite(agreement) ? `signal to error ${agreement.toFixed(1)} dB` : 'no error at all';
  display.print(`It is the caller's voice as a robot, compared sample by sample: ${error}.`);
  return true;
}

function ringModulated(samples: Int16Array, sampleRateHz: number): Int16Array {
  return samples.map((sample, n) =>
    Math.round(sample * Math.cos((2 * Math.PI * CARRIER_HZ * n) / sampleRateHz)),
  );
}
