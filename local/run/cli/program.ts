/** Commands that are programs of their own: each runs in a process with the flags of Node that it needs. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { build } from '../../../scripts/build.ts';
import { endWithNpm } from '../../../shared/base/end-with-npm.ts';
import { IS_PACKAGED, moduleFile } from '../project/installation.ts';
import { findProject } from '../project/project.ts';
import { WAV_IMPORTS } from '../stack/specs.ts';

interface Program {
  readonly module: string;
  readonly nodeArgs?: readonly string[];
  readonly args?: readonly string[];
}

type Arguments = readonly string[];

export const acsCommand = (args: Arguments): Promise<number> =>
  run({
    module: moduleFile('local/emulators/acs/main'),
    // Media has a deadline every 20 ms; collecting garbage on one thread pauses it a third as long on a busy core.
    nodeArgs: ['--single-threaded-gc'],
    args: ['--stand-alone', ...args],
  });

export const webPubSubCommand = (args: Arguments): Promise<number> =>
  run({ module: moduleFile('local/emulators/web-pubsub/main'), args: ['--stand-alone', ...args] });

export const routesCommand = (args: Arguments): Promise<number> =>
  run({ module: moduleFile('scripts/routes'), args });

/** Runs workers of the project as a process that stays with their calls. */
export async function workerCommand(args: Arguments): Promise<number> {
  return await run({ module: await residentModule(), nodeArgs: WAV_IMPORTS, args });
}

/** The process of the project's resident workers. Workers of a project are bundled first, whatever they import. */
export async function residentModule(): Promise<string> {
  const { folder, workers } = findProject();
  if (workers === undefined || !IS_PACKAGED) return moduleFile('functions/workers/hosts/resident/main');
  const [built] = await build({ workers, outDir: join(folder, 'dist'), parts: ['resident'] });
  return built?.file ?? '';
}

/** Resolves with the exit status of the program, which gets the signals that end this process. */
async function run({ module, nodeArgs = [], args = [] }: Program): Promise<number> {
  // The channel tells the program when this process is gone.
  const child = fork(module, [...args], {
    stdio: 'inherit',
    execArgv: ['--disable-warning=ExperimentalWarning', ...nodeArgs],
  });
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, pass);
  endWithNpm(() => pass('SIGTERM'));
  const [status] = (await once(child, 'exit')) as [number | null];
  return status ?? 1;
}
