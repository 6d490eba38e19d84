/** The command line: `npm start`, `npm run demo` and so on in a checkout, `trunkline start` where it is installed. */
import { runCommand, UsageError } from '../shared/base/command-line.ts';
import { didYouMean } from '../shared/base/did-you-mean.ts';
import { buildCommand } from './run/cli/build.ts';
import { callCommand } from './run/cli/call.ts';
import { demoCommand } from './run/cli/demo.ts';
import { initCommand } from './run/cli/init.ts';
import { acsCommand, routesCommand, webPubSubCommand, workerCommand } from './run/cli/program.ts';
import { startCommand } from './run/cli/start.ts';
import { VERSION } from './run/project/installation.ts';

interface Entry {
  readonly run: (args: readonly string[]) => Promise<number>;
  readonly about: string;
}

const COMMANDS: Readonly<Record<string, Entry>> = {
  init: { run: initCommand, about: 'makes a project of your own in a new folder' },
  demo: { run: demoCommand, about: 'plays one call end to end: a recording speaks, a robot answers' },
  start: { run: startCommand, about: 'runs the whole system with your workers, until Ctrl-C' },
  call: { run: callCommand, about: 'makes a call with a WAV file, or plays a scenario' },
  build: { run: buildCommand, about: 'makes what is deployed, in dist/' },
  routes: { run: routesCommand, about: 'explains, shows and sets which calls are answered' },
  worker: { run: workerCommand, about: 'runs workers as a process that stays with its calls' },
  acs: { run: acsCommand, about: 'runs the ACS emulator by itself' },
  'web-pubsub': { run: webPubSubCommand, about: 'runs the Web PubSub emulator by itself' },
};

const HELP = `Usage: trunkline COMMAND [options]

${Object.entries(COMMANDS)
  .map(([command, { about }]) => `  ${command.padEnd(12)}${about}`)
  .join('\n')}

COMMAND --help shows the options of a command; --version shows the version.
`;

const [name = '--help', ...args] = process.argv.slice(2);
await runCommand(async () => {
  const command = COMMANDS[name];
  if (command !== undefined) return await command.run(args);
  if (name !== '--help' && name !== '--version') {
    const names = Object.keys(COMMANDS);
    throw new UsageError(`"${name}" is no command${didYouMean(name, names)}; there are ${names.join(', ')}`);
  }
  process.stdout.write(name === '--help' ? HELP : `${VERSION}\n`);
  return 0;
});
