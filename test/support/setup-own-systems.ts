/** Before all tests that start systems of their own: builds what they start, once. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { buildProduct } from './system.ts';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-run-'));
  project.provide('wholeSystemRun', { folder, product: await buildProduct(folder) });
  return () => rm(folder, { recursive: true, force: true });
}
