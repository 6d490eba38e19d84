/** Reads and checks the command line. Every mistake is a `UsageError` that names the option and the value. */
import { AUDIO_FORMAT_NAMES, type AudioFormat } from '../../../shared/audio/audio-format.ts';
import { type Command, readArguments, UsageError } from '../../../shared/base/command-line.ts';
import { IDENTIFIER_RULE, identifierOf } from '../../emulators/acs/telephones/identifiers.ts';

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

export interface ScenarioOptions {
  readonly file: string;
  /** Where what the first caller heard is written. */
  readonly output: string | undefined;
  /** Where the result is written as JSON. */
  readonly report: string | undefined;
  readonly verbose: boolean;
}

const DEFAULT_CALLER = '+14255550199';
const DEFAULT_TAIL_MS = 2_000;
const MAX_TAIL_MS = 600_000;
/** Node's own. */
const INSPECT_PORT = 9229;
const MAX_PORT_OFFSET = 50_000;

const FORMAT_ALIASES: Readonly<Record<string, AudioFormat>> = { '16k': 'pcm16KMono', '24k': 'pcm24KMono' };

const VERBOSE = {
  type: 'boolean',
  default: false,
  help: 'shows everything that the parts print, one line each, with the name of the part in front',
} as const;

const START = {
  name: 'npm start',
  usage: '[options]',
  about: 'Runs the whole system on this machine until Ctrl-C, and shows each call while it lasts.',
  flags: {
    inspect: {
      type: 'string',
      value: 'PORT',
      help: 'opens the debugger of Node for workers on this port (--inspect alone: 9229)',
    },
    'port-offset': {
      type: 'string',
      value: 'N',
      help: 'adds N to every port, so that a second system runs beside the first (default 0)',
    },
    resident: {
      type: 'string',
      value: 'NAME,NAME',
      help: 'workers that stay with their calls, in a process of their own',
    },
    verbose: VERBOSE,
  },
  more: `Your own routes come before those of the numbers that it offers: CALL_ROUTES
in the environment or in local.settings.json, or else the file routes.json
(docs/routes.md).`,
} as const satisfies Command;

const DEMO = {
  name: 'npm run demo',
  usage: '[options]',
  about: 'Plays one call end to end: a recording speaks, and a robot answers in the voice of the caller.',
  flags: { verbose: VERBOSE },
} as const satisfies Command;

const INIT = {
  name: 'trunkline init',
  usage: 'FOLDER [options]',
  about: 'Makes a project of your own in a new folder: a worker, its route, a test, and what publishes them.',
  takes: 'FOLDER',
  flags: {
    package: {
      type: 'string',
      value: 'FILE',
      help: 'the file that Trunkline was installed from, for npm (default: what the lock file of npm says)',
    },
  },
} as const satisfies Command;

const BUILD = {
  name: 'npm run build',
  usage: '',
  about:
    'Bundles the function app and the relay, each with all that it needs: dist/functions/main.cjs and dist/relay/main.cjs. ' +
    'package.json says where the workers are.',
  flags: {},
} as const satisfies Command;

const CALL = {
  name: 'npm run call',
  usage: '--in FILE [options]',
  about:
    'Makes one call and reports it, on the system that npm start runs, or on one that is started for the call. ' +
    'With --scenario FILE it plays a call that is written down, and takes --out (what its first caller hears), --json and --verbose besides.',
  flags: {
    in: { type: 'string', value: 'FILE', help: 'the WAV file that the caller says' },
    out: {
      type: 'string',
      value: 'FILE',
      help: 'where what the caller hears is written, as WAV (default: nowhere)',
    },
    worker: { type: 'string', value: 'NAME', help: 'the worker to call (default echo)' },
    format: { type: 'string', value: 'FORMAT', help: 'audio of the call: 16k (default) or 24k' },
    from: { type: 'string', value: 'PARTY', help: 'a telephone number, or a raw id such as 4:anonymous' },
    to: { type: 'string', value: 'PARTY', help: 'who is called, in place of the number of a worker' },
    tail: {
      type: 'string',
      value: 'MS',
      help: 'how long the caller listens after having said everything (default 2000)',
    },
    said: {
      type: 'string',
      value: 'FILE',
      help: 'where the audio of the caller is written, as ACS streamed it',
    },
    json: { type: 'string', value: 'FILE', help: 'where the report is written, as JSON' },
    scenario: { type: 'string', value: 'FILE', help: 'plays this scenario (samples/scenarios/README.md)' },
    verbose: VERBOSE,
  },
  more: `Exit status: 0 when the call was answered and everything came about that was
expected of it, 1 when not, 2 when the command was called wrongly.`,
} as const satisfies Command;

/** What a call takes beside its scenario. */
const WITH_SCENARIO: readonly string[] = ['scenario', 'out', 'json', 'verbose'];

export function readStartOptions(args: readonly string[]): StartOptions {
  // `--inspect` alone chooses the port that debuggers look at first, as it does for Node.
  const given = args.map((arg) => (arg === '--inspect' ? `--inspect=${INSPECT_PORT}` : arg));
  const { values } = readArguments(START, given);
  return {
    portOffset: wholeNumber('--port-offset', values['port-offset'], 0, MAX_PORT_OFFSET, 0),
    inspectPort:
      values.inspect === undefined ? undefined : wholeNumber('--inspect', values.inspect, 1, 65_534, 0),
    residents: workerNames('--resident', values.resident),
    verbose: values.verbose,
  };
}

export function readDemoOptions(args: readonly string[]): { readonly verbose: boolean } {
  return readArguments(DEMO, args).values;
}

/** The folder of a new project, and what its package.json asks npm for. */
export function readInitOptions(args: readonly string[]): {
  readonly folder: string;
  readonly packageSpec: string | undefined;
} {
  const { values, positionals } = readArguments(INIT, args);
  const [folder, ...more] = positionals;
  if (folder === undefined || more.length > 0)
    throw new UsageError('init takes one folder, as in trunkline init my-calls');
  return { folder, packageSpec: values.package };
}

export function readBuildOptions(args: readonly string[]): void {
  readArguments(BUILD, args);
}

/** The options of a call that a scenario describes; undefined where there is no `--scenario`. */
export function readScenarioOptions(args: readonly string[]): ScenarioOptions | undefined {
  const { values } = readArguments(CALL, args);
  const { scenario: file, out: output, json: report, verbose } = values;
  if (file === undefined) return undefined;
  const beside = Object.keys(values).find((name) => !WITH_SCENARIO.includes(name));
  if (beside !== undefined)
    throw new UsageError(
      `--${beside} does not go with --scenario: the scenario says who calls and what is said`,
    );
  return { file, output, report, verbose };
}

export function readCallOptions(args: readonly string[]): CallOptions {
  const { values } = readArguments(CALL, args);
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
