import { enableCompileCache } from 'node:module';
import { parseArgs } from 'node:util';
import { runServer } from '../common/child.ts';
import { oneOf, portOption } from '../common/option-values.ts';
import { KEYS_VARIABLE, parseHostKeys } from './functions/keys.ts';

const NAME = 'functions-host';
const DEFAULT_PORT = 7071;

// Compiled code is kept between starts (in the system's temporary folder), which halves the time to the first request.
enableCompileCache();

// An error that nobody caught ends the process with everything that is running in it, as it ends a Node worker.
process.on('uncaughtException', (error: unknown) => {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${NAME}: uncaught in the function app: ${detail}\n`);
  process.exit(1);
});

await runServer(NAME, async () => {
  const { values } = parseArgs({
    options: {
      app: { type: 'string' },
      port: { type: 'string' },
      strict: { type: 'boolean' },
      stop: { type: 'string' },
    },
  });
  if (values.app === undefined) throw new Error('--app <folder of the function app> is missing');
  const port = portOption(values.port ?? String(DEFAULT_PORT));
  const keys = parseHostKeys(process.env[KEYS_VARIABLE]);
  // The app gets its settings from the environment; the keys of its host are none of them.
  delete process.env[KEYS_VARIABLE];
  // Imported late, so that it comes from the cache as well.
  const { startFunctionsHost } = await import('./server.ts');
  return startFunctionsHost({
    app: values.app,
    port,
    keys,
    strict: values.strict === true,
    stopsLikeAzure: oneOf('--stop', values.stop ?? 'drain', ['drain', 'azure']) === 'azure',
  });
});
