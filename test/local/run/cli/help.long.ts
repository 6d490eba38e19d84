import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { importsOf } from '../../../architecture/import-graph.ts';
import { COMPILED } from '../../../support/compiled.ts';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

/** Scripts that run code of this project: npm, vitest and biome have a help of their own. */
const COMMANDS = Object.entries(scripts).filter(([, line]) => line.startsWith('node '));

const BENCHES = globSync('bench/*/run.ts', { cwd: ROOT }).map((file) => file.split(/[\\/]/)[1] ?? '');

const source = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** Files that have the table of a command. */
const TABLES = globSync('{bench,functions,local,scripts}/**/*.ts', { cwd: ROOT }).filter((file) =>
  source(file).includes('satisfies Command'),
);

async function helpOf(line: string, ...names: readonly string[]): Promise<string> {
  const args = [...line.split(' ').slice(1), ...names, '--help'];
  const env = { ...process.env, ...COMPILED, NODE_NO_WARNINGS: '1' };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, env });
  expect(stderr).toBe('');
  expect(stdout.split('\n').filter((each) => each.length > 100)).toEqual([]);
  return stdout;
}

/** What `--help` lists, but itself. */
function flagsIn(help: string): string[] {
  return [...help.matchAll(/^ {2}--([a-z-]+)/gm)]
    .map(([, flag = '']) => flag)
    .filter((flag) => flag !== 'help');
}

/** The file that has the table of a command. */
function tableOf(name: string): string {
  const table = TABLES.find((file) => source(file).includes(`name: '${name}'`));
  if (table === undefined) throw new Error(`no file has the table of ${name}`);
  return table;
}

/** The flags of which the code takes the value, in the folder of the table and in what the table's file imports. */
function flagsRead(table: string): ReadonlySet<string> {
  const imported = importsOf(source(table)).filter((module) => /^\..*\.ts$/.test(module));
  const beside = globSync('*.ts', { cwd: join(ROOT, dirname(table)) });
  const text = [...beside, ...imported].map((file) => source(join(dirname(table), file))).join('\n');
  const members = [...text.matchAll(/\bvalues(?:\.(\w+)|\['([\w-]+)'\])/g)].map(
    ([, one, other]) => one ?? other,
  );
  const taken = [...text.matchAll(/\{([^{}]*)\}\s*(?:=|:)\s*(?:values\b|read\w+Options\()/g)].flatMap(
    ([, names = '']) => names.split(',').map((each) => each.split(':')[0]?.trim()),
  );
  return new Set([...members, ...taken].flatMap((flag) => flag || []));
}

function expectToRead(table: string, help: string): void {
  const read = flagsRead(table);
  expect(flagsIn(help).filter((flag) => !read.has(flag))).toEqual([]);
}

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

  it.each(COMMANDS)(
    'of npm run %s has every flag that the code reads, and no other',
    async (script, line) => {
      const name = `npm ${script === 'start' ? script : `run ${script}`}`;
      const help = await helpOf(line);
      expect(help).toMatch(new RegExp(`^Usage: ${name}\\b`));
      expect(help).toContain('--help');
      expectToRead(tableOf(name), help);
    },
  );

  it.each(BENCHES)(
    'of npm run bench -- %s has every flag that the code reads, and no other',
    async (bench) => {
      const help = await helpOf(scripts['bench'] ?? '', bench);
      expect(flagsIn(help)).not.toEqual([]);
      expectToRead(join('bench', bench, 'run.ts'), help);
    },
  );

  it('is made of the table by which Node reads the arguments: nothing else reads them', () => {
    const readers = globSync('{bench,functions,local,relay,scripts,shared}/**/*.ts', { cwd: ROOT }).filter(
      (file) => source(file).includes('parseArgs('),
    );
    expect(readers).toEqual([join('shared', 'base', 'command-line.ts')]);
  });
});
