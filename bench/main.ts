/** `npm run bench -- <name> [options]`: measurements. Each has a folder with a `run.ts`, which exports `run`. */
import { type Command, readArguments, runCommand, UsageError } from '../shared/base/command-line.ts';
import { didYouMean } from '../shared/base/did-you-mean.ts';

const BENCHES: Readonly<Record<string, () => Promise<{ run(args: readonly string[]): Promise<number> }>>> = {
  acs: () => import('./acs/run.ts'),
  control: () => import('./control/run.ts'),
  'lane-codec': () => import('./lane-codec/run.ts'),
  relay: () => import('./relay/run.ts'),
  soak: () => import('./soak/run.ts'),
  voice: () => import('./voice/run.ts'),
  'web-pubsub': () => import('./web-pubsub/run.ts'),
  walks: () => import('./walks/run.ts'),
};

const BENCH = {
  name: 'npm run bench',
  usage: 'NAME [options]',
  about: `Measures something. There are ${Object.keys(BENCHES).join(', ')}; each has a --help of its own.`,
  takes: 'NAME',
  flags: {},
} as const satisfies Command;

const [name = '', ...args] = process.argv.slice(2);
await runCommand(async () => {
  const load = BENCHES[name];
  if (load !== undefined) return (await load()).run(args);
  readArguments(BENCH, [name]);
  throw new UsageError(
    `"${name}" is no measurement${didYouMean(name, Object.keys(BENCHES))}; there are ${Object.keys(BENCHES).join(', ')}`,
  );
});

// What a measurement that failed has left running would keep the process alive.
process.exit();
