/** The folder of a test run, for the global setups of all projects with whole systems: the product is built once. */
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildProduct, startTestSystem, type TestSystem, type TestSystemOptions } from './system.ts';
import type { WholeSystemRun } from './whole-system-run.ts';

export interface RunFolder {
  readonly folder: string;
  /** The built product, as `buildProduct` makes it. */
  readonly product: string;
  /** The last user removes the folder. */
  release(): Promise<void>;
}

let making: Promise<{ folder: string; product: string }> | undefined;
let users = 0;

export async function useRunFolder(): Promise<RunFolder> {
  users += 1;
  making ??= make();
  const { folder, product } = await making;
  return {
    folder,
    product,
    async release() {
      users -= 1;
      if (users > 0) return;
      making = undefined;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function make(): Promise<{ folder: string; product: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-run-'));
  return { folder, product: await buildProduct(folder) };
}

export interface SystemOfRun {
  readonly test: TestSystem;
  readonly shared: NonNullable<WholeSystemRun['shared']>;
  /** Writes a line to the file of what the parts print. */
  note(line: string): void;
  stop(): Promise<void>;
}

/** Starts a system that many test files call, and keeps what its parts print in the file `NAME.log` of the folder. */
export async function startSystemOfRun(
  { folder, product }: RunFolder,
  name: string,
  options: TestSystemOptions,
): Promise<SystemOfRun> {
  const file = join(folder, `${name}.log`);
  const log = createWriteStream(file);
  const note = (line: string): void => void log.write(`${line}\n`);
  const test = await startTestSystem({ ...options, product, onLine: note });
  const { system, secrets } = test;
  return {
    test,
    shared: { system, secrets, log: file },
    note,
    async stop() {
      await test.stop();
      log.end();
    },
  };
}
