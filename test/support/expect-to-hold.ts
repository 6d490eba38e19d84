import { expect } from 'vitest';
import type { RunningSystem } from '../../local/run/client/running-system.ts';
import type { Scenario } from '../../local/run/scenario/load-scenario.ts';
import { type Played, playScenario } from '../../local/run/scenario/run-scenario.ts';
import { callsInWords, checksInWords } from '../../local/run/scenario/words.ts';

/** Plays a scenario and expects that everything it expects holds. */
export async function expectToHold(system: RunningSystem, scenario: Scenario): Promise<Played> {
  const played = await playScenario(system, scenario);
  expect(played.checks.length, 'expectations').toBeGreaterThan(0);
  expect(
    played.checks.filter(({ held }) => !held),
    `${callsInWords(played)}\n${checksInWords(played)}`,
  ).toEqual([]);
  return played;
}
