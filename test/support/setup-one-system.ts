/** Before all tests that share one system: starts it. */
import type { TestProject } from 'vitest/node';
import { startSystemOfRun, useRunFolder } from './run-folder.ts';
import { loadSampleScenarios } from './sample-scenarios.ts';
import { sharedRoutes } from './shared-system.ts';
import { PATIENT_RELAY } from './system.ts';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const run = await useRunFolder();
  const { withoutFaults } = await loadSampleScenarios();
  const { shared, stop } = await startSystemOfRun(run, 'one-system', {
    routes: [...sharedRoutes(), ...withoutFaults.flatMap(({ scenario }) => scenario.routes ?? [])],
    extraEnv: PATIENT_RELAY,
  });
  project.provide('wholeSystemRun', { folder: run.folder, product: run.product, shared });
  return async () => {
    await stop();
    await run.release();
  };
}
