import { enableCompileCache } from 'node:module';
import { parseArgs } from 'node:util';
import { runServer } from '../common/child.ts';
import { portOption } from '../common/option-values.ts';
import { startTables } from './server.ts';

const DEFAULT_PORT = 10_002;

// Azurite is a lot of code; what is compiled is kept between starts, in the system's temporary folder.
enableCompileCache();

await runServer('storage', async () => {
  const { values } = parseArgs({ options: { port: { type: 'string' }, location: { type: 'string' } } });
  const port = portOption(values.port ?? String(DEFAULT_PORT));
  return startTables({ port, ...(values.location === undefined ? {} : { location: values.location }) });
});
