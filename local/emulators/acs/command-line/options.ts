import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod';
import { type Command, readArguments } from '../../../../shared/base/command-line.ts';
import { requireJson } from '../../common/json.ts';
import { oneOf, portOption } from '../../common/option-values.ts';
import { readTls, tlsFlagTable } from '../../common/tls-flags.ts';
import type { EventSchema } from '../../event-grid/event.ts';
import { parseSubscriptions, type SubscriptionSettings } from '../../event-grid/subscription-settings.ts';
import { type FaultPlan, parseAcsFaultPlan } from '../faults/fault-plan.ts';
import type { AcsOptions } from '../server/acs.ts';
import { parseBehaviourFlags, parseFaultFlag } from './flags.ts';

const CA_FILE = '.trunkline/acs-ca.pem';
const KEYS_FILE = '.trunkline/acs-keys.json';

const ACS = {
  name: 'npm run acs',
  usage: '[options]',
  about: 'Emulates Azure Communication Services: telephones, Call Automation, audio streaming, Event Grid.',
  flags: {
    host: {
      type: 'string',
      value: 'ADDRESS',
      default: '127.0.0.1',
      help: 'the address to listen on (default 127.0.0.1)',
    },
    port: {
      type: 'string',
      value: 'N',
      default: '8070',
      help: 'the port to listen on, 0 for any (default 8070)',
    },
    'stand-alone': {
      type: 'boolean',
      default: false,
      help: 'makes and keeps keys, and prints all that an application must know; npm run acs gives it',
    },
    'event-grid-endpoint': {
      type: 'string',
      value: 'URL',
      help: 'where IncomingCall goes; EVENT_GRID_ENDPOINT in the environment',
    },
    'event-grid-schema': {
      type: 'string',
      value: 'NAME',
      default: 'EventGridSchema',
      help: 'the schema of that endpoint: EventGridSchema (default) or CloudEventSchemaV1_0',
    },
    'event-grid-subscriptions': {
      type: 'string',
      value: 'FILE',
      help: 'further subscriptions, as JSON; EVENT_GRID_SUBSCRIPTIONS in the environment holds them itself',
    },
    'dead-letter-file': {
      type: 'string',
      value: 'FILE',
      help: 'where events go that the endpoint did not take',
    },
    number: {
      type: 'string',
      value: 'NUMBER',
      multiple: true,
      default: [] as string[],
      help: 'a telephone number of the resource, in E.164; ACS_NUMBERS in the environment, with commas',
    },
    'token-issuer': {
      type: 'string',
      value: 'URL',
      help: 'the issuer of the tokens (default: its own address)',
    },
    ...tlsFlagTable(CA_FILE),
    strict: {
      type: 'boolean',
      default: false,
      help: 'takes https and wss addresses only, as the service does',
    },
    behaviour: {
      type: 'string',
      value: 'NAME=VALUE',
      multiple: true,
      default: [] as string[],
      help: 'chooses what is not documented of the service; the README of the emulator lists the names',
    },
    seed: { type: 'string', value: 'TEXT', help: 'where ids and the chance of faults come from' },
    'request-log': {
      type: 'boolean',
      default: false,
      help: 'prints each request, callback and event; --stand-alone does so, too',
    },
    'event-log': { type: 'string', value: 'FILE', help: 'where all that happens is written, as JSON lines' },
    fault: {
      type: 'string',
      value: 'RULE',
      multiple: true,
      default: [] as string[],
      help: 'something that goes wrong, such as rest.error,status=429,count=2',
    },
    faults: { type: 'string', value: 'FILE', help: 'a plan of faults, as JSON' },
    'clock-skew-ms': { type: 'string', value: 'MS', help: 'how far its clock is ahead (default 0)' },
  },
  more: 'Everything about it: local/emulators/acs/README.md.',
} as const satisfies Command;

const SCHEMAS: readonly EventSchema[] = ['EventGridSchema', 'CloudEventSchemaV1_0'];

export interface CommandLine {
  readonly options: AcsOptions;
  /** Whether a person started it; prints everything that an application needs. */
  readonly standAlone: boolean;
  readonly caFile?: string | undefined;
}

/**
 * The settings of the process from its arguments and its environment; makes the certificate and opens the event log.
 * @throws Error with one sentence about the setting that is missing or invalid
 */
export async function readAcsCommandLine(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<CommandLine> {
  const { values } = readArguments(ACS, args);
  const port = portOption(values.port);
  const schema = oneOf('--event-grid-schema', values['event-grid-schema'], SCHEMAS);
  const standAlone = values['stand-alone'];
  const endpoint = values['event-grid-endpoint'] ?? filled(env['EVENT_GRID_ENDPOINT']);
  const subscriptions = readSubscriptions(
    values['event-grid-subscriptions'],
    env['EVENT_GRID_SUBSCRIPTIONS'],
  );
  const behaviour = {
    ...parseBehaviourFlags(values.behaviour),
    ...(values.strict ? { strictUrls: true } : {}),
  };
  const { tls, caFile } = await readTls(
    {
      https: values.https,
      host: values.host,
      caOut: values['ca-out'],
      key: values['tls-key'],
      cert: values['tls-cert'],
      defaultCaFile: CA_FILE,
    },
    Date.now(),
  );
  const eventLog = values['event-log'];
  const options: AcsOptions = {
    host: values.host,
    port,
    ...readKeys(standAlone, env),
    numbers: [...values.number, ...listOf(env['ACS_NUMBERS'])],
    tokenIssuer: values['token-issuer'],
    eventGrid: { subscriptions, endpoint, schema, deadLetterFile: values['dead-letter-file'] },
    behaviour,
    faults: readFaults(values.fault, values.faults, env['ACS_FAULTS'], values['clock-skew-ms']),
    seed: values.seed ?? filled(env['ACS_SEED']),
    eventLog: eventLog === undefined ? undefined : openLog(eventLog),
    tls,
    log: print,
    requestLog: standAlone || values['request-log'] ? print : undefined,
  };
  return { options, standAlone, caFile };
}

function print(line: string): void {
  process.stderr.write(`ACS: ${line}\n`);
}

function readKeys(
  standAlone: boolean,
  env: Readonly<Record<string, string | undefined>>,
): Pick<AcsOptions, 'accessKey' | 'resourceId' | 'controlToken'> {
  const accessKey = filled(env['ACS_ACCESS_KEY']);
  const resourceId = filled(env['ACS_RESOURCE_ID']);
  const controlToken = filled(env['ACS_CONTROL_TOKEN']);
  const kept = standAlone ? keepKeys(KEYS_FILE) : undefined;
  return {
    accessKey: accessKey ?? kept?.accessKey ?? missing('ACS_ACCESS_KEY'),
    resourceId: resourceId ?? kept?.resourceId ?? missing('ACS_RESOURCE_ID'),
    controlToken: controlToken ?? kept?.controlToken,
  };
}

/** @param flag a file, or the list itself, which begins with a bracket */
function readSubscriptions(flag: string | undefined, json: string | undefined): SubscriptionSettings[] {
  if (flag?.trimStart().startsWith('['))
    return parseSubscriptions(parseJson(flag, '--event-grid-subscriptions'));
  if (flag !== undefined) return parseSubscriptions(parseJson(readFileSync(flag, 'utf8'), flag));
  const text = filled(json);
  return text === undefined ? [] : parseSubscriptions(parseJson(text, 'EVENT_GRID_SUBSCRIPTIONS'));
}

/** The file or the environment first, the flags on top. */
function readFaults(
  flags: readonly string[],
  file: string | undefined,
  json: string | undefined,
  skew: string | undefined,
): FaultPlan {
  const text = filled(json);
  const base =
    file !== undefined
      ? parseAcsFaultPlan(parseJson(readFileSync(file, 'utf8'), file))
      : parseAcsFaultPlan(text === undefined ? {} : parseJson(text, 'ACS_FAULTS'));
  if (skew !== undefined && !/^-?\d+$/.test(skew))
    throw new RangeError(`--clock-skew-ms must be a whole number, not ${skew}`);
  return {
    rules: [...base.rules, ...flags.map(parseFaultFlag)],
    clockSkewMs: skew === undefined ? base.clockSkewMs : Number(skew),
  };
}

/** Lines are few and short: each is written at once, so that none is lost when the process is killed. */
function openLog(path: string): (line: string) => void {
  const file = openSync(path, 'w');
  return (line) => {
    writeSync(file, `${line}\n`);
  };
}

function parseJson(text: string, where: string): unknown {
  return requireJson(text, (place) => new Error(`${where} is not JSON: see ${place}`));
}

/** Values with commas between them. */
function listOf(text: string | undefined): string[] {
  return (text ?? '').split(',').flatMap((part) => filled(part.trim()) ?? []);
}

function filled(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function missing(name: string): never {
  throw new Error(`the environment variable ${name} is missing`);
}

const KEY_BYTES = 64;
const TOKEN_BYTES = 24;

const keys = z.object({ accessKey: z.string(), resourceId: z.string(), controlToken: z.string() });

/** What an application is configured with. */
type StandAloneKeys = z.infer<typeof keys>;

/**
 * Makes keys at the first start with `--stand-alone` and keeps them, so that an application stays configured. Only the
 * owner can read the file.
 * @throws Error when the file is not one of these, or cannot be written
 */
export function keepKeys(path: string): StandAloneKeys {
  const kept = read(path);
  if (kept !== undefined) return kept;
  const made: StandAloneKeys = {
    accessKey: randomBytes(KEY_BYTES).toString('base64'),
    resourceId: randomUUID(),
    controlToken: randomBytes(TOKEN_BYTES).toString('base64url'),
  };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(made, undefined, 2)}\n`, { mode: 0o600 });
  return made;
}

function read(path: string): StandAloneKeys | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return keys.parse(JSON.parse(text));
  } catch {
    throw new Error(`${path} does not hold the keys of the ACS emulator; delete it to have new ones made`);
  }
}
