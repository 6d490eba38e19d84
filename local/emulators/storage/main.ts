import { enableCompileCache } from 'node:module';
import { type Command, readArguments } from '../../../shared/base/command-line.ts';
import { runServer } from '../common/child.ts';
import { portOption } from '../common/option-values.ts';
import { startTables } from './server.ts';

const DEFAULT_PORT = 10_002;

const STORAGE = {
  name: 'node local/emulators/storage/main.ts',
  usage: '[options]',
  about: 'Runs the table service of Azurite.',
  flags: {
    port: { type: 'string', value: 'N', help: `the port to listen on, 0 for any (default ${DEFAULT_PORT})` },
    location: { type: 'string', value: 'FOLDER', help: 'where the tables are kept (default: in memory)' },
  },
} as const satisfies Command;

// Azurite is a lot of code; what is compiled is kept between starts, in the system's temporary folder.
enableCompileCache();

await runServer('storage', async () => {
  const { values } = readArguments(STORAGE, process.argv.slice(2));
  const port = portOption(values.port ?? String(DEFAULT_PORT));
  return startTables({ port, ...(values.location === undefined ? {} : { location: values.location }) });
});
