/** One table for each command, by which its arguments are read and its help is written. */
import { type ParseArgsOptionDescriptor, parseArgs } from 'node:util';
import { didYouMean } from './did-you-mean.ts';

/** The command was called wrongly, or with input that cannot be used: one clear sentence, exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The user has asked for the help of a command, which is the message: it goes to the standard output. */
export class HelpRequest extends Error {
  override readonly name = 'HelpRequest';
}

/** The last is what a shell reports of a command whose reader is gone. */
const EXIT = { failed: 1, usage: 2, unread: 141 } as const;

/**
 * Runs a command and sets the exit status of the process: what `run` resolves with, 0 after `--help`, 1 after an error,
 * and 2 for one that says how the command is to be called. Errors are one sentence on the standard error.
 */
export async function runCommand(run: () => Promise<number>): Promise<void> {
  // Nobody reads on, as behind `| head`. Processes that the command has started end with it.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(EXIT.unread);
  });
  try {
    process.exitCode = await run();
  } catch (error) {
    if (error instanceof HelpRequest) {
      process.stdout.write(error.message);
      return;
    }
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
}

interface Flag extends ParseArgsOptionDescriptor {
  /** What its value is, such as FILE. Flags that take none are of the type `boolean`. */
  readonly value?: string;
  readonly help: string;
}

type Flags = Readonly<Record<string, Flag>>;

export interface Command<Options extends Flags = Flags> {
  /** "npm run call": as users of npm type it, without the `--` that npm wants before arguments. */
  readonly name: string;
  /** The arguments in a line. */
  readonly usage: string;
  /** What the command does, in a sentence or two. */
  readonly about: string;
  readonly flags: Options;
  /** Names of what it takes beside flags, for usage errors. Defaults to nothing. */
  readonly takes?: string;
  /** What the help says after the flags. */
  readonly more?: string;
}

/** @throws UsageError that names the flag, HelpRequest for `--help` */
export function readArguments<const Options extends Flags>(
  command: Command<Options>,
  args: readonly string[],
) {
  const end = args.indexOf('--');
  const flags = end < 0 ? args : args.slice(0, end);
  if (flags.includes('--help') || flags.includes('-h')) throw new HelpRequest(helpOf(command));
  const read = parsed(command, args);
  const [first] = read.positionals;
  if (first !== undefined && command.takes === undefined)
    throw usageError(command, `"${first}" is no option: ${command.name} takes nothing but options`);
  return read;
}

function parsed<const Options extends Flags>(command: Command<Options>, args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: command.flags, allowPositionals: true });
  } catch (error) {
    throw usageError(command, sentenceOf(error, command));
  }
}

function usageError(command: Command, sentence: string): UsageError {
  return new UsageError(`${sentence}\n${usageOf(command)}\n${typed(command)} --help tells all of it.`);
}

function usageOf(command: Command): string {
  const { usage } = command;
  return `Usage: ${`${typed(command)} ${usage}`.replace(/(?: --)? $/, '')}`;
}

/** What the user has typed before the arguments: a script of npm, or the command of the package. */
function typed({ name }: Command): string {
  const [, script = ''] = /^npm (?:run )?(.*)$/.exec(name) ?? [];
  if (script === '') return name;
  // The package's command says so to the processes that it starts.
  const { npm_lifecycle_event: run, TRUNKLINE_COMMAND: isCommand } = process.env;
  return run === script || isCommand === undefined ? `${name} --` : `trunkline ${script}`;
}

/** Node's sentences about arguments, without its advice for programmers. */
function sentenceOf(error: unknown, { name, flags }: Command): string {
  const message = error instanceof Error ? error.message : String(error);
  if ((error as NodeJS.ErrnoException).code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return message;
  const [, written = ''] = /'(--?[^' ]+)/.exec(message) ?? [];
  const known = Object.keys(flags).map((flag) => `--${flag}`);
  return `${written} is no option of ${name}${didYouMean(written, known)}`;
}

const COLUMNS = 80;
const GAP = 2;
const INDENT = 2;
/** Flags that are longer have their text below them. */
const WIDEST_FLAG = 26;

/** Everything about a command, at 80 columns. */
function helpOf(command: Command): string {
  const { about, flags, more } = command;
  const rows = Object.entries<Flag>({ ...flags, help: { type: 'boolean', help: 'shows this' } }).map(
    ([flag, { value, help, multiple }]): [string, string] => [
      `--${flag}${value === undefined ? '' : ` ${value}`}`,
      multiple === true ? `${help} (repeatable)` : help,
    ],
  );
  const width = Math.min(WIDEST_FLAG, Math.max(...rows.map(([flag]) => flag.length))) + GAP;
  const lines = rows.flatMap(([flag, help]) => {
    const [first = '', ...rest] = wrapped(help, COLUMNS - INDENT - width);
    const pad = ' '.repeat(INDENT);
    const below = rest.map((line) => pad + ' '.repeat(width) + line);
    return flag.length + GAP > width
      ? [pad + flag, `${pad}${' '.repeat(width)}${first}`, ...below]
      : [pad + flag.padEnd(width) + first, ...below];
  });
  return [
    usageOf(command),
    '',
    ...wrapped(about, COLUMNS),
    '',
    ...lines,
    ...(more === undefined ? [] : ['', more.trimEnd()]),
    '',
  ].join('\n');
}

function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
