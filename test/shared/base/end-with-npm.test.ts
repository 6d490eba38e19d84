import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { until } from '../../support/until.ts';

const COMMAND = fileURLToPath(new URL('../../fixtures/ends-with-npm.ts', import.meta.url));
const QUIET = '--disable-warning=ExperimentalWarning';
const NODE = process.execPath;

/** What stands for npm: it starts a command, in a shell where one is named, and waits. */
const npmWith = (shell: string): string => `
  const { spawn } = require('node:child_process');
  const [file, ...args] = process.argv.slice(1);
  if ('${shell}' === '') spawn(file, args, { stdio: 'inherit' });
  else spawn('${shell}', ['-c', '"$0" "$@"; exit $?', file, ...args], { stdio: 'inherit' });
`;

let command = 0;
afterEach(() => {
  if (command !== 0 && isAlive(command)) process.kill(command, 'SIGKILL');
  command = 0;
});

async function start(shell: string, env: NodeJS.ProcessEnv): Promise<ReturnType<typeof spawn>> {
  const npm = spawn(NODE, ['-e', npmWith(shell), NODE, QUIET, COMMAND], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: npm.stdout }), 'line')) as [string];
  command = Number(line);
  return npm;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const SHELLS = process.platform === 'linux' ? ['', 'sh'] : [''];

it.each(SHELLS)('ends a command when its npm is killed, also behind a shell: %j', async (shell) => {
  const npm = await start(shell, { npm_lifecycle_event: 'start' });
  expect(isAlive(command)).toBe(true);
  npm.kill('SIGKILL');
  await until(() => !isAlive(command), 'the end of the command');
});
