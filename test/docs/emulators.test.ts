import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../../local/emulators/common/free-port.ts';
import { rms } from '../../local/phone/level.ts';
import { readWav } from '../../shared/audio/wav.ts';
import { COMPILED } from '../support/compiled.ts';
import { until } from '../support/until.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** How long a process or a call may take on a busy machine. */
const LIMIT_MS = 200_000;
/** A voice, and not the noise of rounding. */
const LEAST_LOUDNESS = 100;

const document = await readFile(join(ROOT, 'docs/emulators.md'), 'utf8');
const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
const blocks = (language: string): string[] =>
  [...document.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, block = '']) => block,
  );
const block = (language: string, part: string): string => {
  const found = blocks(language).filter((text) => text.includes(part));
  if (found.length !== 1) throw new Error(`${found.length} blocks of ${language} with ${part}`);
  return found[0] as string;
};

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A folder inside of the repository, so that what is run there finds the packages. */
async function folder(): Promise<string> {
  const path = await mkdtemp(join(ROOT, 'test/docs/__emulators-'));
  closers.push(() => rm(path, { recursive: true }));
  return path;
}

/** Starts Node with these arguments. */
function start(args: readonly string[], cwd: string) {
  const child: ChildProcess = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', ...COMPILED },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  closers.push(() => child.kill('SIGKILL'));
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    if (stream !== null) createInterface({ input: stream }).on('line', (line) => lines.push(line));
  const printed = (pattern: RegExp): Promise<RegExpExecArray> =>
    until(
      () => {
        if (child.exitCode !== null && child.exitCode !== 0) throw new Error(lines.join('\n'));
        return lines.map((line) => pattern.exec(line)).find((match) => match !== null);
      },
      `${args.join(' ')} to print ${pattern}`,
      LIMIT_MS,
    );
  return { lines, printed };
}

/** The `npm run` command of the document, on other ports, as Node runs it. */
function emulator(name: string, ports: Record<string, number>, cwd: string) {
  const [, rest = ''] = new RegExp(`^npm run ${name} -- (.*)$`, 'm').exec(document) ?? [];
  expect(scripts[name]).toBe(`node --import ./local/requirements.mjs local/main.ts ${name}`);
  return start([join(ROOT, 'local/main.ts'), name, ...onPorts(rest, ports).split(' ')], cwd);
}

function onPorts(text: string, ports: Record<string, number>): string {
  return Object.entries(ports).reduce(
    (changed, [written, port]) => changed.replaceAll(new RegExp(`\\b${written}\\b`, 'g'), String(port)),
    text,
  );
}

/** Runs a `curl` command of the document with `fetch`. */
async function curl(command: string, variables: Record<string, string>): Promise<Response> {
  const words = [...command.replaceAll('\\\n', ' ').matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) =>
      single ?? (double ?? bare ?? '').replaceAll(/\$([A-Z]+)/g, (_, name: string) => variables[name] ?? ''),
  );
  const { values, positionals } = parseArgs({
    args: words.slice(1),
    allowPositionals: true,
    options: {
      X: { type: 'string', short: 'X' },
      H: { type: 'string', short: 'H', multiple: true, default: [] },
      F: { type: 'string', short: 'F', multiple: true, default: [] },
      o: { type: 'string', short: 'o' },
    },
  });
  const form = new FormData();
  for (const field of values.F) {
    const [, name = '', value = ''] = /^(\w+)=(.*)$/.exec(field) ?? [];
    form.set(name, value.startsWith('@') ? new Blob([await readFile(join(ROOT, value.slice(1)))]) : value);
  }
  return fetch(positionals[0] ?? '', {
    ...(values.X === undefined ? {} : { method: values.X }),
    headers: values.H.map((header): [string, string] => [
      header.split(': ', 1)[0] ?? '',
      header.slice(header.indexOf(': ') + 2),
    ]),
    ...(values.F.length === 0 ? {} : { body: form }),
  });
}

describe('docs/emulators.md', () => {
  it(
    'has an application for ACS that answers, speaks and hangs up, and commands that ring it and fetch what was heard',
    async () => {
      const cwd = await folder();
      const ports = { 8070: await freePort(), 3000: await freePort() };
      await writeFile(join(cwd, 'answer.mjs'), onPorts(block('js', '// answer.mjs'), ports));
      const acs = emulator('acs', ports, cwd);
      const [, connectionString = ''] = await acs.printed(/connection string +(\S+)/);
      const [, TOKEN = ''] = await acs.printed(/Authorization: Bearer (\S+)'/);
      start([join(cwd, 'answer.mjs'), connectionString], cwd);
      await until(
        () =>
          fetch(`http://127.0.0.1:${ports[3000]}/`, { method: 'POST', body: '[]' }).then(
            () => true,
            () => false,
          ),
        'the application to listen',
        LIMIT_MS,
      );
      const commands = onPorts(block('sh', 'curl -X POST'), ports).split(/\n(?=curl)/);
      expect(commands).toHaveLength(2);
      const rung = await curl(commands[0] ?? '', { TOKEN });
      expect(rung.status, await rung.clone().text()).toBe(201);
      const { id: ID } = (await rung.json()) as { id: string };
      await acs.printed(new RegExp(`call ${ID}: disconnected \\(hungUpByApplication\\)`));
      const { samples } = readWav(await (await curl(commands[1] ?? '', { TOKEN, ID })).bytes());
      expect(rms(samples), 'the caller has heard a voice').toBeGreaterThan(LEAST_LOUDNESS);
      await acs.printed(/^ACS: POST \/calling\/callConnections:answer 200, /);
      await acs.printed(/^ACS: callback CallDisconnected of \S+: 200$/);
    },
    2 * LIMIT_MS,
  );

  it(
    'has an application for Web PubSub whose event is answered, and which sends to all',
    async () => {
      const cwd = await folder();
      const ports = { 8080: await freePort(), 3000: await freePort() };
      await writeFile(join(cwd, 'greet.mjs'), onPorts(block('js', '// greet.mjs'), ports));
      await writeFile(join(cwd, 'web-pubsub.json'), onPorts(block('json', 'EventHandlers'), ports));
      const service = emulator('web-pubsub', ports, cwd);
      const [, connectionString = ''] = await service.printed(/connection string +(\S+)/);
      const application = start([join(cwd, 'greet.mjs'), connectionString], cwd);
      await application.printed(/^Hello, Ada!$/);
      await application.printed(/^A message to all\.$/);
      await service.printed(/^Web PubSub: event user:greet of \S+: 200, /);
    },
    2 * LIMIT_MS,
  );

  it('names only options that the emulators have', async () => {
    const readmes = await Promise.all(
      ['acs', 'web-pubsub'].map((name) => readFile(join(ROOT, 'local/emulators', name, 'README.md'), 'utf8')),
    );
    const named = new Set([...document.matchAll(/`(--[a-z-]+)/g)].map(([, option = '']) => option));
    named.delete('--cacert');
    expect(named.size).toBeGreaterThan(5);
    expect([...named].filter((option) => !readmes.some((text) => text.includes(option)))).toEqual([]);
  });
});
