/** `npm run build`: makes what is deployed, in `dist` of the project. */
import { join, relative } from 'node:path';
import { build } from '../../../scripts/build.ts';
import { UsageError } from '../../../shared/base/command-line.ts';
import { findProject } from '../project/project.ts';
import { readBuildOptions } from './options.ts';

export async function buildCommand(args: readonly string[]): Promise<number> {
  readBuildOptions(args);
  const { folder, workers } = findProject();
  if (workers === undefined)
    throw new UsageError('there is no project here: no package.json says "trunkline": { "workers": … }');
  for (const { file, bytes, ms } of await build({ workers, outDir: join(folder, 'dist') }))
    process.stdout.write(
      `${relative(process.cwd(), file)}  ${Math.round(bytes / 1000)} kB  ${Math.round(ms)} ms\n`,
    );
  return 0;
}
