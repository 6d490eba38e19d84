/** `trunkline init FOLDER`: makes a project of one's own, and says what to do with it. */
import { relative } from 'node:path';
import { UsageError } from '../../../shared/base/command-line.ts';
import { InitError, initProject } from '../project/init.ts';
import { readInitOptions } from './options.ts';

export async function initCommand(args: readonly string[]): Promise<number> {
  const { folder, packageSpec } = readInitOptions(args);
  await initProject({ folder, packageSpec }).catch((error: unknown) => {
    throw error instanceof InitError ? new UsageError(error.message) : error;
  });
  const path = relative('', folder);
  process.stdout.write(`${folder} is a project now. Next:

${path === '' ? '' : `  cd ${/[^\w./-]/.test(path) ? JSON.stringify(path) : path}\n`}  npm install
  npm test
  npm run call -- --in hello.wav --out heard.wav --worker whisper

src/whisper.ts is the worker; README.md says the rest.
`);
  return 0;
}
