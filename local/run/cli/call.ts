/** `npm run call`: one call with a recording, its report, and what the caller heard. */
import { readFile, writeFile } from 'node:fs/promises';
import { AUDIO_FORMATS } from '../../../shared/audio/audio-format.ts';
import { type Audio, readWav, WavError, writeWav } from '../../../shared/audio/wav.ts';
import { convert } from '../../phone/resample.ts';
import { makeCall } from '../client/make-call.ts';
import { compileReport, withoutTrailingSilence } from '../client/report.ts';
import type { RunningSystem } from '../client/running-system.ts';
import { reportInWords, timelineInWords } from '../client/words.ts';
import { findNumber } from '../stack/directory.ts';
import { CallDisplay } from './call-display.ts';
import { CallNotices } from './call-notices.ts';
import { type CallOptions, readCallOptions, readScenarioOptions, UsageError } from './options.ts';
import { scenarioCommand } from './scenario-command.ts';
import { useSystem } from './system.ts';

/** What is said and heard is kept in memory by the emulator, up to twenty minutes of a call. */
const MAX_SPEECH_MINUTES = 15;

/** Exit status 0 when the call was answered, what workers said was heard, and the caller ended it. */
export async function callCommand(args: readonly string[]): Promise<number> {
  const scenario = readScenarioOptions(args);
  if (scenario !== undefined) {
    const { file, report, verbose } = scenario;
    return scenarioCommand({ file, report, ...(verbose ? { onLine: logLine } : {}) });
  }
  const options = readCallOptions(args);
  const speech = await readSpeech(options.input, AUDIO_FORMATS[options.format].sampleRateHz);
  const { system, notices, close } = await useSystem(options.verbose ? logLine : undefined);
  try {
    const display = new CallDisplay(process.stdout);
    const call = { from: options.from, to: numberToCall(options, system), speech, tailMs: options.tailMs };
    const workers = new CallNotices(display);
    const evidence = await makeCall(system, call, (seen) => {
      workers.look([seen], notices());
      display.show([seen]);
    });
    workers.look([evidence.telephone], notices());
    const report = compileReport(evidence);
    display.print(`\n${timelineInWords(report.events)}\n\n${reportInWords(report)}`);
    const { said, heard } = evidence;
    if (options.output !== undefined)
      await writeFile(options.output, writeWav(heard.samples, heard.sampleRateHz));
    if (options.said !== undefined)
      await writeFile(options.said, writeWav(withoutTrailingSilence(said.samples), said.sampleRateHz));
    if (options.report !== undefined) await writeFile(options.report, `${JSON.stringify(report, null, 2)}\n`);
    workers.end();
    return report.outcome === 'completed' && workers.failures === 0 ? 0 : 1;
  } finally {
    await close();
  }
}

/** A recording at the rate of the call. @throws UsageError when the file cannot be read or is no usable WAV. */
async function readSpeech(path: string, sampleRateHz: number): Promise<Audio> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'there is no such file' : error.message;
    throw new UsageError(`${path} cannot be read: ${why}`);
  });
  const speech = convertSpeech(path, bytes, sampleRateHz);
  const minutes = speech.samples.length / sampleRateHz / 60;
  if (minutes > MAX_SPEECH_MINUTES)
    throw new UsageError(
      `${path} lasts ${minutes.toFixed(1)} minutes; a call can say at most ${MAX_SPEECH_MINUTES}`,
    );
  return speech;
}

function convertSpeech(path: string, bytes: Uint8Array, sampleRateHz: number): Audio {
  try {
    return convert(readWav(bytes), sampleRateHz);
  } catch (error) {
    if (error instanceof WavError) throw new UsageError(`${path} cannot be used: ${error.message}`);
    throw error;
  }
}

function numberToCall({ to, worker, format }: CallOptions, { directory }: RunningSystem): string {
  const number = to ?? findNumber(directory, worker, format);
  if (number !== undefined) return number;
  const names = [...new Set(directory.map((entry) => entry.worker))].join(', ');
  throw new UsageError(`--worker ${worker} is not known: the worker app has ${names}`);
}

export function logLine(part: string, line: string): void {
  process.stderr.write(`[${part}] ${line}\n`);
}
