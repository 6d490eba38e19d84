/** `npm run bench -- <name> [options]`: measurements. Each is a file beside this one that exports `run`. */

const BENCHES: Readonly<Record<string, () => Promise<{ run(args: readonly string[]): Promise<number> }>>> = {
  acs: () => import('./acs.ts'),
  control: () => import('./control.ts'),
  'lane-codec': () => import('./lane-codec.ts'),
  relay: () => import('./relay.ts'),
  soak: () => import('./soak.ts'),
  voice: () => import('./voice/run.ts'),
  'web-pubsub': () => import('./web-pubsub.ts'),
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
