import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { COMPILED } from '../../../support/compiled.ts';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8')) as {
  scripts: Record<string, string>;
};

/** Scripts that run code of this project: npm, vitest and biome have a help of their own. */
const COMMANDS = Object.entries(scripts).filter(([, line]) => line.startsWith('node '));

describe('the help of a command', () => {
  it('is there for every script that runs code of this project', () => {
    expect(COMMANDS.map(([name]) => name)).toEqual([
      'start',
      'demo',
      'call',
      'acs',
      'web-pubsub',
      'worker',
      'routes',
      'build',
      'pack',
      'openapi',
      'bench',
    ]);
  });

  it.each(COMMANDS)('of npm run %s is asked for with --help, and ends with 0', async (name, line) => {
    const args = [...line.split(' ').slice(1), '--help'];
    const env = { ...process.env, ...COMPILED, NODE_NO_WARNINGS: '1' };
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, env });
    expect(stdout).toMatch(new RegExp(`^Usage: npm ${name === 'start' ? name : `run ${name}`}\\b`));
    expect(stdout).toContain('--help');
    expect(stdout.split('\n').filter((each) => each.length > 100)).toEqual([]);
    expect(stderr).toBe('');
  });
});
