/** The command `npm run routes`. */
import { CallStoreError } from '../functions/control/call/stores.ts';
import { findProject } from '../local/run/project/project.ts';
import { RoutesError } from '../shared/wire/call/routes-schema.ts';
import { RoutesCommandError, routesCommand } from './routes/command.ts';

const { folder } = findProject();

try {
  process.stdout.write(
    await routesCommand(process.argv.slice(2), { env: process.env, folder, nowMs: Date.now() }),
  );
} catch (error) {
  if (
    !(error instanceof RoutesCommandError || error instanceof RoutesError || error instanceof CallStoreError)
  )
    throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
