/** `npm run build`: makes what is deployed, in `dist` of the project. */
import { join, relative } from 'node:path';
import { build } from '../../../scripts/build.ts';
import { findProject } from '../project/project.ts';
import { UsageError } from './options.ts';

export async function buildCommand(args: readonly string[]): Promise<number> {
  if (args.length > 0)
    throw new UsageError(`build takes no ${args[0]}: package.json says where the workers are`);
  const { folder, workers } = findProject();
  if (workers === undefined)
    throw new UsageError('there is no project here: no package.json says "trunkline": { "workers": … }');
  for (const { file, bytes, ms } of await build({ workers, outDir: join(folder, 'dist') }))
    process.stdout.write(
      `${relative(process.cwd(), file)}  ${Math.round(bytes / 1000)} kB  ${Math.round(ms)} ms\n`,
    );
  return 0;
}
