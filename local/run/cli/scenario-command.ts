/** `npm run call -- --scenario file.yaml`: plays a scenario and tells which of its expectations held. */
import { writeFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { writeWav } from '../../../shared/audio/wav.ts';
import { UsageError } from '../../../shared/base/command-line.ts';
import { Speech } from '../../phone/speech.ts';
import { ScriptClient } from '../client/script-client.ts';
import { loadScenario, type Scenario } from '../scenario/load-scenario.ts';
import { ScenarioError } from '../scenario/parse-scenario.ts';
import { type Played, playScenario } from '../scenario/run-scenario.ts';
import { receiveTranscripts } from '../scenario/transcripts.ts';
import { callsInWords, checksInWords } from '../scenario/words.ts';
import { CallDisplay } from './call-display.ts';
import { CallNotices } from './call-notices.ts';
import type { ScenarioOptions } from './options.ts';
import { showing } from './part-lines.ts';
import { type SystemInUse, useSystem } from './system.ts';

/** Exit status 0 when every expectation held, else 1. @throws UsageError for a file that is no scenario */
export async function scenarioCommand({ file, output, report, verbose }: ScenarioOptions): Promise<number> {
  const scenario = await readScenario(file);
  const { seed } = scenario;
  const transcripts = await receiveTranscripts(scenario.routes ?? []);
  const display = new CallDisplay(process.stdout);
  const inUse = await useSystem({
    ...showing(display, verbose),
    ...(seed === undefined ? {} : { extraEnv: { acs: { ACS_SEED: String(seed) } } }),
    ...(scenario.routes === undefined ? {} : { routes: transcripts.routes }),
  });
  const { system, own, close } = inUse;
  try {
    display.print(`${scenario.name} (${relative(process.cwd(), resolve(file))})\n`);
    if (scenario.seed !== undefined && !own)
      display.print(
        'The seed is not used: it belongs to the start of a system, and this one runs already.\n',
      );
    const { played, workers } = await playShown(inUse, scenario, display);
    display.print(`\n${callsInWords(played)}\n\n${checksInWords(played)}`);
    const [first] = played.calls;
    if (output !== undefined && first !== undefined) {
      const heard = await new ScriptClient(system).recording(first.id, 'heard');
      await writeFile(output, writeWav(heard.samples, heard.sampleRateHz));
      display.print(`\nWhat ${first.participant} heard is in ${resolve(output)}.`);
    }
    if (report !== undefined) {
      const calls = played.calls.map(({ followed: _, ...call }) => call);
      await writeFile(report, `${JSON.stringify({ calls, checks: played.checks }, null, 2)}\n`);
    }
    workers.end();
    return played.checks.every(({ held }) => held) && workers.failures === 0 ? 0 : 1;
  } finally {
    transcripts.close();
    await close();
  }
}

/** Plays a scenario, and shows its calls and what their workers do. */
export async function playShown(
  { system, notices }: Pick<SystemInUse, 'system' | 'notices'>,
  scenario: Scenario,
  display: CallDisplay,
): Promise<{ readonly played: Played; readonly workers: CallNotices }> {
  const workers = new CallNotices(display);
  const played = await playScenario(system, scenario, {
    onLook: (calls) => {
      workers.look(calls, notices());
      display.show(calls);
    },
    onFound: (call, { callId }) => display.begin(call, callId),
  });
  workers.look(
    played.calls.map(({ followed }) => followed.telephone),
    notices(),
  );
  return { played, workers };
}

export async function readScenario(file: string): Promise<Scenario> {
  const speech = new Speech({ warn: (sentence) => process.stderr.write(`${sentence}\n`) });
  try {
    return await loadScenario(file, speech);
  } catch (error) {
    if (error instanceof ScenarioError) throw new UsageError(error.message);
    throw error;
  }
}
