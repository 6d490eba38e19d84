import { enableCompileCache } from 'node:module';
import { type Command, readArguments } from '../../../shared/base/command-line.ts';
import { runServer } from '../common/child.ts';
import { oneOf, portOption } from '../common/option-values.ts';
import { KEYS_VARIABLE, parseHostKeys } from './functions/keys.ts';

const NAME = 'functions-host';
const DEFAULT_PORT = 7071;

const HOST = {
  name: 'node local/emulators/functions-host/main.ts',
  usage: '--app FOLDER [options]',
  about: `Runs a function app as the Functions host does. ${KEYS_VARIABLE} in the environment holds its keys.`,
  flags: {
    app: {
      type: 'string',
      value: 'FOLDER',
      help: 'the function app: host.json, package.json, the built bundle',
    },
    port: { type: 'string', value: 'N', help: `the port to listen on, 0 for any (default ${DEFAULT_PORT})` },
    strict: { type: 'boolean', help: 'answers requests that would hang in Azure with 502 and the reason' },
    stop: {
      type: 'string',
      value: 'HOW',
      help: 'drain (default): lets requests end before it stops; azure: does not wait, as in Azure',
    },
  },
} as const satisfies Command;

// Compiled code is kept between starts (in the system's temporary folder), which halves the time to the first request.
enableCompileCache();

// An error that nobody caught ends the process with everything that is running in it, as it ends a Node worker.
process.on('uncaughtException', (error: unknown) => {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${NAME}: uncaught in the function app: ${detail}\n`);
  process.exit(1);
});

await runServer(NAME, async () => {
  const { values } = readArguments(HOST, process.argv.slice(2));
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
