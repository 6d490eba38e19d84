/** Before all tests that start systems of their own: builds what they start, once. */
import type { TestProject } from 'vitest/node';
import { useRunFolder } from './run-folder.ts';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { folder, product, release } = await useRunFolder();
  project.provide('wholeSystemRun', { folder, product });
  return release;
}
