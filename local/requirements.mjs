/**
 * Loaded before every command (`node --import`), by any Node: says in a sentence what is missing, where Node itself
 * would print a stack trace.
 */
import { existsSync, readFileSync } from 'node:fs';

const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const [, needed] = /(\d+\.\d+)/.exec(engines.node);
const isOlder = (one, other) => one[0] < other[0] || (one[0] === other[0] && one[1] < other[1]);
const parts = (version) => version.split('.').map(Number);

const missing = isOlder(parts(process.versions.node), parts(needed))
  ? `This needs Node ${needed} or later, and this is Node ${process.versions.node}. ` +
    'npm ci installs a Node 24 beside the project; where it did not (npm ci --omit=optional), install a newer Node.'
  : !existsSync(new URL('../node_modules/pino/package.json', import.meta.url)) &&
    'The packages are not installed: run npm ci first.';

if (missing) {
  process.stderr.write(`${missing}\n`);
  process.exit(1);
}
