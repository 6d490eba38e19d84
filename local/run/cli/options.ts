/** Reads and checks the command line. Every mistake is a `UsageError` that names the option and the value. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { AUDIO_FORMAT_NAMES, type AudioFormat } from '../../../shared/audio/audio-format.ts';
import { IDENTIFIER_RULE, identifierOf } from '../../emulators/acs/telephones/identifiers.ts';

/** The command was called wrongly, or with input that cannot be used: one clear sentence, exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface StartOptions {
  readonly portOffset: number;
  /** Workers that stay with their calls, in a process of their own. */
  readonly residents: readonly string[];
  /** Where a debugger finds the worker app; undefined without one. */
  readonly inspectPort: number | undefined;
  readonly verbose: boolean;
}

export interface CallOptions {
  readonly input: string;
  readonly output: string | undefined;
  readonly said: string | undefined;
  readonly report: string | undefined;
  readonly worker: string;
  readonly format: AudioFormat;
  readonly from: string;
  readonly to: string | undefined;
  /** How long the caller listens after having said everything, in milliseconds. */
  readonly tailMs: number;
  readonly verbose: boolean;
}

/** Shows what every process prints. */
const VERBOSE = { type: 'boolean', default: false } as const;

const DEFAULT_CALLER = '+14255550199';
const DEFAULT_TAIL_MS = 2_000;
const MAX_TAIL_MS = 600_000;
/** Node's own. */
const INSPECT_PORT = 9229;
const MAX_PORT_OFFSET = 50_000;

const FORMAT_ALIASES: Readonly<Record<string, AudioFormat>> = { '16k': 'pcm16KMono', '24k': 'pcm24KMono' };

export function readStartOptions(args: readonly string[]): StartOptions {
  // `--inspect` alone chooses the port that debuggers look at first, as it does for Node.
  const given = args.map((arg) => (arg === '--inspect' ? `--inspect=${INSPECT_PORT}` : arg));
  const { values } = parse(given, {
    inspect: { type: 'string' },
    'port-offset': { type: 'string' },
    resident: { type: 'string' },
    verbose: VERBOSE,
  });
  return {
    portOffset: wholeNumber('--port-offset', values['port-offset'], 0, MAX_PORT_OFFSET, 0),
    inspectPort:
      values.inspect === undefined ? undefined : wholeNumber('--inspect', values.inspect, 1, 65_534, 0),
    residents: workerNames('--resident', values.resident),
    verbose: values.verbose,
  };
}

/** The folder of a new project, and what its package.json asks npm for. */
export function readInitOptions(args: readonly string[]): {
  readonly folder: string;
  readonly packageSpec: string | undefined;
} {
  const { values, positionals } = parse(args, { package: { type: 'string' } }, true);
  const [folder, ...more] = positionals;
  if (folder === undefined || more.length > 0)
    throw new UsageError('init takes one folder, as in trunkline init my-calls');
  return { folder, packageSpec: values.package };
}

/** The options of a call that a scenario describes; undefined where there is no `--scenario`. */
export function readScenarioOptions(
  args: readonly string[],
): { readonly file: string; readonly report: string | undefined; readonly verbose: boolean } | undefined {
  if (!args.some((arg) => arg === '--scenario' || arg.startsWith('--scenario='))) return undefined;
  const { values } = parse(args, {
    scenario: { type: 'string' },
    json: { type: 'string' },
    verbose: VERBOSE,
  });
  return {
    file: values.scenario ?? '',
    report: values.json,
    verbose: values.verbose,
  };
}

export function readCallOptions(args: readonly string[]): CallOptions {
  const { values } = parse(args, {
    in: { type: 'string' },
    out: { type: 'string' },
    said: { type: 'string' },
    json: { type: 'string' },
    worker: { type: 'string' },
    format: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
    tail: { type: 'string' },
    verbose: VERBOSE,
  });
  const input = values.in;
  if (input === undefined) {
    throw new UsageError(
      '--in is missing: the WAV file that the caller says, as in npm run call -- --in samples/hello.wav --out heard.wav',
    );
  }
  return {
    input,
    output: values.out,
    said: values.said,
    report: values.json,
    worker: values.worker ?? 'echo',
    format: audioFormat(values.format ?? '16k'),
    from: party('--from', values.from ?? DEFAULT_CALLER),
    to: values.to === undefined ? undefined : party('--to', values.to),
    tailMs: wholeNumber('--tail', values.tail, 0, MAX_TAIL_MS, DEFAULT_TAIL_MS),
    verbose: values.verbose,
  };
}

type OptionTypes = NonNullable<ParseArgsConfig['options']>;

function parse<Options extends OptionTypes>(
  args: readonly string[],
  options: Options,
  allowPositionals = false,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function audioFormat(value: string): AudioFormat {
  const wanted =
    FORMAT_ALIASES[value] ?? AUDIO_FORMAT_NAMES.find((name) => name.toLowerCase() === value.toLowerCase());
  if (wanted === undefined) {
    throw new UsageError(`--format ${value} is not known: ACS streams 16k (pcm16KMono) and 24k (pcm24KMono)`);
  }
  return wanted;
}

function workerNames(option: string, value: string | undefined): string[] {
  const names = value?.split(',').map((name) => name.trim()) ?? [];
  const wrong = names.find((name) => !/^[a-z][a-z0-9-]{0,62}$/.test(name));
  if (wrong === undefined) return names;
  throw new UsageError(
    `${option} ${value} must be names of workers with commas between them, and "${wrong}" is none`,
  );
}

function party(option: string, value: string): string {
  if (identifierOf(value) !== undefined) return value;
  throw new UsageError(`${option} ${value} must be ${IDENTIFIER_RULE}`);
}

function wholeNumber(
  option: string,
  value: string | undefined,
  min: number,
  max: number,
  fallback: number,
): number {
  if (value === undefined) return fallback;
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < min || number > max) {
    throw new UsageError(`${option} ${value} must be a whole number from ${min} to ${max}`);
  }
  return number;
}
