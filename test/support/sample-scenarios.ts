import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Speech } from '../../local/phone/speech.ts';
import { loadScenario, type Scenario } from '../../local/run/scenario/load-scenario.ts';

export const SAMPLES = fileURLToPath(new URL('../../samples/scenarios/', import.meta.url));

export interface SampleScenario {
  readonly file: string;
  readonly scenario: Scenario;
}

export interface SampleScenarios {
  /** Those whose faults befall the whole system, and would befall other scenarios too. */
  readonly withFaults: readonly SampleScenario[];
  /** These are played on one system, which has the routes of all. */
  readonly withoutFaults: readonly SampleScenario[];
}

export async function loadSampleScenarios(): Promise<SampleScenarios> {
  const files = (await readdir(SAMPLES)).filter((file) => file.endsWith('.yaml')).sort();
  const speech = new Speech();
  const loaded = await Promise.all(
    files.map(async (file) => ({ file, scenario: await loadScenario(SAMPLES + file, speech) })),
  );
  return {
    withFaults: loaded.filter(({ scenario }) => scenario.faults !== undefined),
    withoutFaults: loaded.filter(({ scenario }) => scenario.faults === undefined),
  };
}
