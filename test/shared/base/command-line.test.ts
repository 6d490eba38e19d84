import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { type Command, HelpRequest, readArguments, UsageError } from '../../../shared/base/command-line.ts';
import { didYouMean } from '../../../shared/base/did-you-mean.ts';

const COMMAND = {
  name: 'npm run dance',
  usage: '[options]',
  about: 'Dances.',
  flags: {
    'port-offset': { type: 'string', value: 'N', help: 'how far to the side' },
    loud: { type: 'boolean', default: false, help: 'with music' },
    partner: { type: 'string', value: 'NAME', multiple: true, help: 'with whom' },
  },
  more: 'Nobody is asked.',
} as const satisfies Command;

function thrown(args: readonly string[], command: Command = COMMAND): unknown {
  try {
    readArguments(command, args);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('a command line', () => {
  it('is read by the table of its command', () => {
    const { values } = readArguments(COMMAND, ['--port-offset', '3', '--partner', 'a', '--partner=b']);
    expect(values).toMatchObject({ 'port-offset': '3', loud: false, partner: ['a', 'b'] });
  });

  it.each(['--help', '-h'])(
    'asks for help with %s, also beside other arguments, and gets every flag',
    (flag) => {
      const help = thrown(['--loud', '--nonsense', flag]);
      expect(help).toBeInstanceOf(HelpRequest);
      expect((help as HelpRequest).message).toBe(`Usage: npm run dance -- [options]

Dances.

  --port-offset N  how far to the side
  --loud           with music
  --partner NAME   with whom (repeatable)
  --help           shows this

Nobody is asked.
`);
    },
  );

  it.each([
    ['--portoffset', '--portoffset is no option of npm run dance (did you mean "--port-offset"?)'],
    ['--xyzzy', '--xyzzy is no option of npm run dance'],
    ['waltz', '"waltz" is no option: npm run dance takes nothing but options'],
    ['--partner', "Option '--partner <value>' argument missing"],
  ])('that is wrong is answered with the usage: %s', (arg, sentence) => {
    const error = thrown([arg]);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).message).toBe(
      `${sentence}\nUsage: npm run dance -- [options]\nnpm run dance -- --help tells all of it.`,
    );
  });
});

it('a command ends quietly when nobody reads what it prints any more', async () => {
  const module = new URL('../../../shared/base/command-line.ts', import.meta.url).href;
  const code = `const { runCommand } = await import(${JSON.stringify(module)});
    await runCommand(() => new Promise(() => setInterval(() => process.stdout.write('a line\\n'), 1)));`;
  const child = spawn(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    '--input-type=module',
    '-e',
    code,
  ]);
  let complaint = '';
  child.stderr.on('data', (piece) => {
    complaint += piece;
  });
  await once(child.stdout, 'data');
  child.stdout.destroy();
  expect(await once(child, 'close')).toEqual([141, null]);
  expect(complaint).toBe('');
});

describe('the usage of a command of the package', () => {
  const NAMES = ['npm_lifecycle_event', 'TRUNKLINE_COMMAND'];
  const kept = NAMES.map((name) => [name, process.env[name]] as const);
  const set = (name: string, value: string | undefined): void => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  afterEach(() => {
    for (const [name, value] of kept) set(name, value);
  });

  it.each([
    { by: 'npx', installed: 'true', usage: 'trunkline dance [options]' },
    { by: undefined, installed: 'true', usage: 'trunkline dance [options]' },
    { by: 'dance', installed: 'true', usage: 'npm run dance -- [options]' },
    { by: 'test', installed: undefined, usage: 'npm run dance -- [options]' },
    { by: undefined, installed: undefined, usage: 'npm run dance -- [options]' },
  ])('is what the user has typed: $usage by $by, installed $installed', ({ by, installed, usage }) => {
    set('npm_lifecycle_event', by);
    set('TRUNKLINE_COMMAND', installed);
    expect((thrown(['--help']) as HelpRequest).message).toContain(`Usage: ${usage}\n`);
    expect((thrown(['--help'], { ...COMMAND, usage: '' }) as HelpRequest).message).toContain(
      `Usage: ${usage.replace(/( --)? \[options\]/, '')}\n`,
    );
  });
});

describe('a guess', () => {
  it.each([
    ['presss', ' (did you mean "press"?)'],
    ['Press', ' (did you mean "press"?)'],
    ['jump', ''],
    ['', ''],
  ])('at what %j was meant to be is %j', (written, guess) => {
    expect(didYouMean(written, ['say', 'press', 'hangUp'])).toBe(guess);
  });
});
