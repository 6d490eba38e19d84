/** The command line: `npm start`, `npm run demo`, `npm run call` and so on, or `trunkline start`. */
import { buildCommand } from './run/cli/build.ts';
import { callCommand } from './run/cli/call.ts';
import { demoCommand } from './run/cli/demo.ts';
import { UsageError } from './run/cli/options.ts';
import { acsCommand, routesCommand, webPubSubCommand, workerCommand } from './run/cli/program.ts';
import { startCommand } from './run/cli/start.ts';

const EXIT = { failed: 1, usage: 2 } as const;

const COMMANDS: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  start: startCommand,
  demo: demoCommand,
  call: callCommand,
  acs: acsCommand,
  'web-pubsub': webPubSubCommand,
  worker: workerCommand,
  routes: routesCommand,
  build: buildCommand,
};

const [name = '', ...args] = process.argv.slice(2);
const command = COMMANDS[name];
try {
  if (command === undefined)
    throw new UsageError(`"${name}" is no command; there are ${Object.keys(COMMANDS).join(', ')}`);
  process.exitCode = await command(args);
} catch (error) {
  const known = error instanceof UsageError;
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = known ? EXIT.usage : EXIT.failed;
}
