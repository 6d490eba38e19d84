/** Reads and checks the command line. Every mistake is a `UsageError` that names the option and the value. */
import { parseArgs } from 'node:util';
import { AUDIO_FORMAT_NAMES, type AudioFormat } from '../../../shared/audio/audio-format.ts';

/** The command was called wrongly, or with input that cannot be used: one clear sentence, exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface StartOptions {
  readonly portOffset: number;
  /** Workers that stay with their calls, in a process of their own. */
  readonly residents: readonly string[];
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

const DEFAULT_CALLER = '+14255550199';
const DEFAULT_TAIL_MS = 2_000;
const MAX_TAIL_MS = 600_000;
const MAX_PORT_OFFSET = 50_000;

const FORMAT_ALIASES: Readonly<Record<string, AudioFormat>> = { '16k': 'pcm16KMono', '24k': 'pcm24KMono' };

export function readStartOptions(args: readonly string[]): StartOptions {
  const { values } = parse(args, {
    'port-offset': { type: 'string' },
    resident: { type: 'string' },
    verbose: { type: 'boolean' },
  });
  return {
    portOffset: wholeNumber('--port-offset', text(values['port-offset']), 0, MAX_PORT_OFFSET, 0),
    residents: workerNames('--resident', text(values['resident'])),
    verbose: values['verbose'] === true,
  };
}

/** The options of a call that a scenario describes; undefined where there is no `--scenario`. */
export function readScenarioOptions(
  args: readonly string[],
): { readonly file: string; readonly report: string | undefined; readonly verbose: boolean } | undefined {
  if (!args.some((arg) => arg === '--scenario' || arg.startsWith('--scenario='))) return undefined;
  const { values } = parse(args, {
    scenario: { type: 'string' },
    json: { type: 'string' },
    verbose: { type: 'boolean' },
  });
  return {
    file: text(values['scenario']) ?? '',
    report: text(values['json']),
    verbose: values['verbose'] === true,
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
    verbose: { type: 'boolean' },
  });
  const input = text(values['in']);
  if (input === undefined) {
    throw new UsageError(
      '--in is missing: the WAV file that the caller says, as in npm run call -- --in samples/hello.wav --out heard.wav',
    );
  }
  return {
    input,
    output: text(values['out']),
    said: text(values['said']),
    report: text(values['json']),
    worker: text(values['worker']) ?? 'echo',
    format: audioFormat(text(values['format']) ?? '16k'),
    from: phoneNumber('--from', text(values['from']) ?? DEFAULT_CALLER),
    to: values['to'] === undefined ? undefined : phoneNumber('--to', text(values['to']) ?? ''),
    tailMs: wholeNumber('--tail', text(values['tail']), 0, MAX_TAIL_MS, DEFAULT_TAIL_MS),
    verbose: values['verbose'] === true,
  };
}

type OptionTypes = Record<string, { type: 'string' | 'boolean' }>;

function parse(args: readonly string[], options: OptionTypes): { values: Record<string, unknown> } {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
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

function phoneNumber(option: string, value: string): string {
  if (!/^\+[1-9]\d{1,14}$/.test(value)) {
    throw new UsageError(
      `${option} ${value} is no telephone number: write it in E.164 form, such as +14255550123`,
    );
  }
  return value;
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
