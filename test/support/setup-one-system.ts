/** Before all tests that share one system: starts it. */
import type { TestProject } from 'vitest/node';
import { receiveTranscripts } from '../../local/run/scenario/transcripts.ts';
import { startSystemOfRun, useRunFolder } from './run-folder.ts';
import { loadSampleScenarios } from './sample-scenarios.ts';
import { sharedRoutes } from './shared-system.ts';
import { PATIENT_RELAY } from './system.ts';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const run = await useRunFolder();
  const { withoutFaults } = await loadSampleScenarios();
  const transcripts = await receiveTranscripts(
    withoutFaults.flatMap(({ scenario }) => scenario.routes ?? []),
  );
  const { shared, stop } = await startSystemOfRun(run, 'one-system', {
    routes: [...sharedRoutes(), ...transcripts.routes],
    extraEnv: PATIENT_RELAY,
  });
  project.provide('wholeSystemRun', { folder: run.folder, product: run.product, shared });
  return async () => {
    await stop();
    transcripts.close();
    await run.release();
  };
}
