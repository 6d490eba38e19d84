/** Before all tests that share one system: starts it. */
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { loadSampleScenarios } from './sample-scenarios.ts';
import { sharedRoutes } from './shared-system.ts';
import { buildProduct, PATIENT_RELAY, startTestSystem } from './system.ts';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-run-'));
  const product = await buildProduct(folder);
  const file = join(folder, 'parts.log');
  const log = createWriteStream(file);
  const { withoutFaults } = await loadSampleScenarios();
  const test = await startTestSystem({
    product,
    routes: [...sharedRoutes(), ...withoutFaults.flatMap(({ scenario }) => scenario.routes ?? [])],
    extraEnv: PATIENT_RELAY,
    onLine: (line) => log.write(`${line}\n`),
  });
  const { system, secrets } = test;
  project.provide('wholeSystemRun', { folder, product, shared: { system, secrets, log: file } });
  return async () => {
    await test.stop();
    log.end();
    await rm(folder, { recursive: true, force: true });
  };
}
