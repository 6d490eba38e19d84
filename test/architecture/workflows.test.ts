import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { scripts, engines } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8'));
const readme = readFileSync(`${ROOT}/README.md`, 'utf8');

interface Job {
  readonly strategy: {
    readonly matrix: { readonly os: readonly string[]; readonly node?: readonly number[] };
  };
  readonly steps: readonly { readonly uses?: string; readonly run?: string }[];
}

interface Workflow {
  readonly on: object;
  readonly defaults: { readonly run: { readonly shell: string } };
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const files = globSync('.github/workflows/*', { cwd: ROOT });
const check: Workflow = parse(readFileSync(`${ROOT}/.github/workflows/check.yml`, 'utf8'));
const commandsOf = ({ steps }: Job): string[] =>
  steps.flatMap(({ run }) => (run ?? '').split(/&&|\n/)).map((command) => command.trim());

describe.each(files)('%s', (file) => {
  const workflow: Workflow = parse(readFileSync(`${ROOT}/${file}`, 'utf8'));

  it('runs only commands that package.json has, in a shell that every system has', () => {
    const commands = Object.values(workflow.jobs)
      .flatMap(commandsOf)
      .filter((command) => command !== '');
    expect(commands.length).toBeGreaterThan(0);
    const unknown = commands.filter((command) => {
      const [, run, other] = /^npm (?:run ([\w:-]+)|(ci|test))$/.exec(command) ?? [];
      return run === undefined ? other === undefined : scripts[run] === undefined;
    });
    expect(unknown).toEqual([]);
    expect(workflow.defaults.run.shell).toBe('bash');
  });

  it('starts from a checkout with Node, may read only, and pins the version of each action', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    for (const { steps } of Object.values(workflow.jobs)) {
      const actions = steps.flatMap(({ uses }) => uses ?? []);
      expect(actions.map((action) => action.split('@')[0])).toEqual([
        'actions/checkout',
        'actions/setup-node',
      ]);
      for (const action of actions) expect(action).toMatch(/@v\d+$/);
    }
  });
});

describe('the check of the repository', () => {
  it("runs the README's two commands on Linux, macOS and Windows, with the Node that the README asks for and a newer one", () => {
    const job = check.jobs['readme'] as Job;
    const { os, node = [] } = job.strategy.matrix;
    expect(os.map((name) => name.split('-')[0])).toEqual(['ubuntu', 'macos', 'windows']);
    expect(engines.node).toBe(`>=${node[0]}.19`);
    expect(node).toEqual([22, 24]);
    const promised = [...readme.matchAll(/^(npm ci && npm (?:run \w+|test)) {2}/gm)].map(
      ([, command]) => command,
    );
    expect(promised).toHaveLength(2);
    expect(job.steps.flatMap(({ run }) => run ?? [])).toEqual(promised);
  });

  it('runs the long checks on the same systems', () => {
    const job = check.jobs['long'] as Job;
    expect(job.strategy.matrix.os).toEqual(check.jobs['readme']?.strategy.matrix.os);
    expect(commandsOf(job)).toContain('npm run check:long');
  });
});
