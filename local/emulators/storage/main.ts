import { enableCompileCache } from 'node:module';
import { parseArgs } from 'node:util';
import { runServer } from '../common/child.ts';
import { startTables } from './server.ts';

const DEFAULT_PORT = 10_002;

// Azurite is a lot of code; what is compiled is kept between starts, in the system's temporary folder.
enableCompileCache();

await runServer('storage', async () => {
  const { values } = parseArgs({ options: { port: { type: 'string' }, location: { type: 'string' } } });
  const port = Number(values.port ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`--port must be a whole number from 0 to 65535, not "${values.port}"`);
  }
  return startTables({ port, ...(values.location === undefined ? {} : { location: values.location }) });
});
