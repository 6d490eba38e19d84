import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { COMPILED } from '../../../support/compiled.ts';

const MAIN = fileURLToPath(new URL('../../../../local/main.ts', import.meta.url));

let folder: string | undefined;
afterEach(async () => {
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

/** Runs `npm run call -- --scenario` on a file with this text, beside nothing else. */
async function callWith(yaml: string, ...args: string[]): Promise<{ status: number | null; stderr: string }> {
  folder = await mkdtemp(join(tmpdir(), 'trunkline-scenario-'));
  const file = join(folder, 'one.yaml');
  await writeFile(file, yaml);
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', MAIN, 'call', '--scenario', file, ...args],
      { env: { ...process.env, ...COMPILED } },
      (_, __, stderr) => resolve({ status: child.exitCode, stderr: stderr.replaceAll(`${folder}/`, '') }),
    );
  });
}

it('ends with 2 and names line and member of everything that is wrong, before any system is started', async () => {
  const yaml = `name: one
participants:
  alice:
    number: "+14255550191"
    calls: { worker: echo }
    steps:
      - say: missing.wav
      - expect: { hear: { file: gone.wav }, within: 100 }
`;
  expect(await callWith(yaml)).toEqual({
    status: 2,
    stderr: `one.yaml is no scenario:
  one.yaml:7: participants.alice.steps[0]: missing.wav cannot be read
  one.yaml:8: participants.alice.steps[1]: gone.wav cannot be read
`,
  });
});

it('tells of missing recordings together with what is wrong with the form', async () => {
  const yaml = `name: one
participants:
  alice:
    number: "+14255550191"
    calls: { worker: echo }
    steps:
      - wait: 500ms
      - say: missing.wav
`;
  const { stderr } = await callWith(yaml);
  expect(stderr).toContain('one.yaml:7: participants.alice.steps[0].wait: must be milliseconds');
  expect(stderr).toContain('one.yaml:8: missing.wav cannot be read');
});

it('ends with 2 for options that a scenario does not have', async () => {
  const { status, stderr } = await callWith('name: one\n', '--in', 'hello.wav');
  expect(status).toBe(2);
  expect(stderr).toContain('--in does not go with --scenario');
});
