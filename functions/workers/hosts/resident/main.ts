/**
 * `npm run worker -- <name> [--host 127.0.0.1] [--port 7073]`: runs a worker as a process that stays with its calls.
 */
import { pino } from 'pino';
import { workers } from '#workers';
import { type Command, readArguments, runCommand, UsageError } from '../../../../shared/base/command-line.ts';
import { endWithNpm } from '../../../../shared/base/end-with-npm.ts';
import { adviceOn, readWorkerConfig } from '../../settings/worker-config.ts';
import { startResidentServer } from './server.ts';

const DEFAULT_PORT = '7073';

const WORKER = {
  name: 'npm run worker',
  usage: 'NAME … [options]',
  about: `Runs workers as a process that stays with their calls. There are ${workers.map(({ name }) => name).join(', ')}.`,
  takes: 'NAME',
  flags: {
    host: {
      type: 'string',
      value: 'ADDRESS',
      default: process.env['HOST'] ?? '127.0.0.1',
      help: 'the address to listen on (default: HOST in the environment, or 127.0.0.1)',
    },
    port: {
      type: 'string',
      value: 'N',
      default: process.env['PORT'] ?? DEFAULT_PORT,
      help: `the port to listen on (default: PORT in the environment, or ${DEFAULT_PORT})`,
    },
  },
  more: `WEB_PUBSUB_CONNECTION_STRING in the environment names the Web PubSub at which
they listen; npm start -- --resident NAME runs them with everything else.`,
} as const satisfies Command;

async function main(): Promise<number> {
  const { values, positionals } = readArguments(WORKER, process.argv.slice(2));
  const chosen = workers.filter(({ name }) => positionals.includes(name));
  const unknown = positionals.find((each) => !chosen.some(({ name }) => name === each));
  if (positionals.length === 0 || unknown !== undefined) {
    const names = workers.map(({ name }) => name).join(', ');
    throw new UsageError(
      `${unknown === undefined ? 'Name a worker' : `"${unknown}" is no worker`}; there are ${names}`,
    );
  }
  const port = Number(values.port);
  if (!/^\d{1,5}$/.test(values.port) || port > 65_535)
    throw new UsageError(`--port must be a number from 0 to 65535, not "${values.port}"`);
  const log = pino({ name: 'resident worker' });
  const config = readWorkerConfig(process.env);
  const advice = adviceOn(config);
  if (advice !== undefined) log.warn(advice);
  const server = await startResidentServer({ workers: chosen, config, host: values.host, port, log });
  log.info({ url: server.url, workers: positionals }, 'takes calls');
  const stop = async (): Promise<void> => {
    await server.close();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void stop());
  }
  // A process that another one forked says when it is ready, and ends with its parent.
  process.once('disconnect', () => void stop());
  endWithNpm(() => void stop());
  process.send?.({ type: 'ready', url: server.url });
  return 0;
}

await runCommand(main);
// A process that another one forked, and that runs nothing, must not wait for its parent.
if (process.exitCode !== 0) process.disconnect?.();
