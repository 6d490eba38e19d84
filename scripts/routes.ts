/** The command `npm run routes`. */
import { CallStoreError } from '../functions/control/call/stores.ts';
import { readStackFile } from '../local/run/client/running-system.ts';
import { findProject } from '../local/run/project/project.ts';
import { runCommand, UsageError } from '../shared/base/command-line.ts';
import { RoutesError } from '../shared/wire/call/routes-schema.ts';
import { routesCommand } from './routes/command.ts';

const { folder } = findProject();

await runCommand(async () => {
  try {
    const running = await readStackFile();
    const options = { env: process.env, folder, nowMs: Date.now(), running };
    process.stdout.write(await routesCommand(process.argv.slice(2), options));
    return 0;
  } catch (error) {
    if (error instanceof RoutesError || error instanceof CallStoreError) throw new UsageError(error.message);
    throw error;
  }
});
