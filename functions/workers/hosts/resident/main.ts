/**
 * `npm run worker -- <name> [--host 127.0.0.1] [--port 7073]`: runs a worker as a process that stays with its calls.
 */
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { workers } from '#workers';
import { readWorkerConfig } from '../../settings/worker-config.ts';
import { startResidentServer } from './server.ts';

const DEFAULT_PORT = '7073';
const USAGE_STATUS = 2;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      host: { type: 'string', default: process.env['HOST'] ?? '127.0.0.1' },
      port: { type: 'string', default: process.env['PORT'] ?? DEFAULT_PORT },
    },
  });
  const chosen = workers.filter(({ name }) => positionals.includes(name));
  const unknown = positionals.find((each) => !chosen.some(({ name }) => name === each));
  if (positionals.length === 0 || unknown !== undefined) {
    const names = workers.map(({ name }) => name).join(', ');
    process.stderr.write(
      `${unknown === undefined ? 'Name a worker' : `"${unknown}" is no worker`}; there are ${names}\n`,
    );
    process.exitCode = USAGE_STATUS;
    process.disconnect?.();
    return;
  }
  const port = Number(values.port);
  if (!/^\d{1,5}$/.test(values.port) || port > 65_535) {
    throw new Error(`--port must be a number from 0 to 65535, not "${values.port}"`);
  }
  const log = pino({ name: 'resident worker' });
  const config = readWorkerConfig(process.env);
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
  process.send?.({ type: 'ready', url: server.url });
}

await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
  process.disconnect?.();
});
