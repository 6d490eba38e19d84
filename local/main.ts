/** The command line: `npm start`, `npm run demo`, `npm run call`. */
import { runCommand, UsageError } from '../shared/base/command-line.ts';
import { callCommand } from './run/cli/call.ts';
import { demoCommand } from './run/cli/demo.ts';
import { startCommand } from './run/cli/start.ts';

const COMMANDS: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  start: startCommand,
  demo: demoCommand,
  call: callCommand,
};

const [name = '', ...args] = process.argv.slice(2);
await runCommand(async () => {
  const command = COMMANDS[name];
  if (command === undefined)
    throw new UsageError(`"${name}" is no command; there are ${Object.keys(COMMANDS).join(', ')}`);
  return command(args);
});
