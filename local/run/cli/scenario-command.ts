/** `npm run call -- --scenario file.yaml`: plays a scenario and tells which of its expectations held. */
import { writeFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { Speech } from '../../phone/speech.ts';
import { loadScenario, type Scenario } from '../scenario/load-scenario.ts';
import { ScenarioError } from '../scenario/parse-scenario.ts';
import { playScenario } from '../scenario/run-scenario.ts';
import { receiveTranscripts } from '../scenario/transcripts.ts';
import { callsInWords, checksInWords } from '../scenario/words.ts';
import { CallDisplay } from './call-display.ts';
import { CallNotices } from './call-notices.ts';
import { UsageError } from './options.ts';
import { useSystem } from './system.ts';

interface ScenarioCommandOptions {
  readonly file: string;
  /** Where the result is written as JSON. */
  readonly report: string | undefined;
  readonly onLine?: (part: string, line: string) => void;
}

/** Exit status 0 when every expectation held, else 1. @throws UsageError for a file that is no scenario */
export async function scenarioCommand({ file, report, onLine }: ScenarioCommandOptions): Promise<number> {
  const scenario = await readScenario(file);
  const { seed } = scenario;
  const transcripts = await receiveTranscripts(scenario.routes ?? []);
  const { system, own, notices, close } = await useSystem(onLine, {
    ...(seed === undefined ? {} : { extraEnv: { acs: { ACS_SEED: String(seed) } } }),
    routes: transcripts.routes,
  });
  try {
    const display = new CallDisplay(process.stdout);
    display.print(`${scenario.name} (${relative(process.cwd(), resolve(file))})\n`);
    if (scenario.seed !== undefined && !own)
      display.print(
        'The seed is not used: it belongs to the start of a system, and this one runs already.\n',
      );
    const workers = new CallNotices(display);
    const played = await playScenario(system, scenario, (calls) => {
      workers.look(calls, notices());
      display.show(calls);
    });
    workers.look(
      played.calls.map(({ followed }) => followed.telephone),
      notices(),
    );
    display.print(`\n${callsInWords(played)}\n\n${checksInWords(played)}`);
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

export async function readScenario(file: string): Promise<Scenario> {
  const speech = new Speech({ warn: (sentence) => process.stderr.write(`${sentence}\n`) });
  try {
    return await loadScenario(file, speech);
  } catch (error) {
    if (error instanceof ScenarioError) throw new UsageError(error.message);
    throw error;
  }
}
