/** `npm run bench -- <name> [options]`: measurements. Each has a folder with a `run.ts`, which exports `run`. */

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

const USAGE_STATUS = 2;

const [name = '', ...args] = process.argv.slice(2);
const load = BENCHES[name];
if (load === undefined) {
  process.stderr.write(`"${name}" is no measurement; there are ${Object.keys(BENCHES).join(', ')}\n`);
  process.exitCode = USAGE_STATUS;
} else {
  process.exitCode = await (await load()).run(args);
}
