import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isRecord } from '../../common/json.ts';
import type { LogCategory, LogLevel } from '../app/core-types.ts';
import { readAppJson } from '../app/json.ts';
import { LOG_LEVELS } from '../app/log.ts';

/** What is used of host.json. */
export interface HostJson {
  /** Without slashes at its ends; empty when functions are served at the root. */
  readonly routePrefix: string;
  /** How long an invocation may take; undefined without a limit. */
  readonly functionTimeoutMs: number | undefined;
  /** Whether invocations are told the trace that they belong to (`telemetryMode`). */
  readonly isTraced: boolean;
  /** Whether triggers beyond HTTP and timers are there: they come with the extension bundle. */
  readonly hasExtensions: boolean;
  /** The level from which on messages of a function are shown: the most specific entry of `logging.logLevel` wins. */
  readonly logLevelOf: (functionName: string | undefined, category?: LogCategory) => LogLevel;
  /** Settings of host.json and of the app that are present and have no effect here. */
  readonly ignored: readonly string[];
}

/** Settings that change how an app behaves in Azure and do nothing here. */
const NOT_SUPPORTED: readonly string[] = [
  'retry',
  'extensions.http.maxOutstandingRequests',
  'extensions.http.maxConcurrentRequests',
  'extensions.http.dynamicThrottlesEnabled',
  'extensions.http.customHeaders',
  'extensions.http.hsts',
];

/** Settings of the app that change the Node worker in Azure and do nothing here. */
const NOT_SUPPORTED_IN_APP: readonly string[] = [
  'languageWorkers__node__arguments',
  'FUNCTIONS_WORKER_PROCESS_COUNT',
];

/** Settings of the app with this name before the path of a setting of host.json take its place. */
const OVERRIDE = 'AzureFunctionsJobHost__';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads host.json from the root of the app's folder, and the app's settings that take the place of some of it.
 *
 * @throws one sentence, in the words of the host or of `func` where they have one: when it is missing, is not JSON, or
 *   is not of version 2.0, or when a setting has another form
 */
export function readHostJson(appFolder: string, env: Environment = {}): HostJson {
  const path = join(appFolder, 'host.json');
  const content = withOverrides(readVersion2(path), env);
  const prefix = at(content, 'extensions.http.routePrefix') ?? 'api';
  if (typeof prefix !== 'string') throw new Error(`${path}: extensions.http.routePrefix must be a string`);
  return {
    routePrefix: prefix.replace(/^\/+|\/+$/g, ''),
    functionTimeoutMs: functionTimeout(path, at(content, 'functionTimeout') ?? '-1'),
    isTraced: String(at(content, 'telemetryMode')).toLowerCase() === 'opentelemetry',
    hasExtensions:
      at(content, 'extensionBundle') !== undefined || existsSync(join(appFolder, 'bin/extensions.json')),
    logLevelOf: logLevels(path, at(content, 'logging.logLevel')),
    ignored: [
      ...NOT_SUPPORTED.filter((setting) => at(content, setting) !== undefined).map(
        (setting) => `${setting} in host.json`,
      ),
      ...NOT_SUPPORTED_IN_APP.filter((setting) => env[setting] !== undefined).map(
        (name) => `the setting ${name}`,
      ),
    ],
  };
}

const HELP = 'See https://aka.ms/functions-hostjson';

function readVersion2(path: string): Record<string, unknown> {
  let content: unknown;
  try {
    content = readAppJson(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`Unable to parse host configuration file '${path}'. ${why}`);
  }
  if (content === undefined) {
    throw new Error(
      `there is no function app in ${dirname(path)}: Unable to find project root. ` +
        'Expecting to find one of host.json, local.settings.json in project root.',
    );
  }
  if (!isRecord(content))
    throw new Error(`Unable to parse host configuration file '${path}'. It is no object`);
  const { version = Object.keys(content).length === 0 ? '2.0' : '' } = content;
  if (version === '') {
    throw new Error(
      `The host.json file is missing the required 'version' property. ${HELP} for steps to migrate the configuration file.`,
    );
  }
  if (version !== '2.0') {
    throw new Error(
      `'${version}' is an invalid value for host.json 'version' property. ` +
        `We recommend you set the 'version' property to '2.0'. ${HELP} for more information on this configuration file.`,
    );
  }
  return content;
}

/** Names differ by more than case, as everywhere in the host's configuration. */
function withOverrides(content: Record<string, unknown>, env: Environment): unknown {
  const all = lowerCased(content) as Record<string, unknown>;
  for (const [name, value] of Object.entries(env)) {
    if (!name.toLowerCase().startsWith(OVERRIDE.toLowerCase())) continue;
    const keys = name.slice(OVERRIDE.length).toLowerCase().split('__');
    let place = all;
    for (const key of keys.slice(0, -1)) {
      if (!isRecord(place[key])) place[key] = {};
      place = place[key] as Record<string, unknown>;
    }
    place[keys.at(-1) ?? ''] = value;
  }
  return all;
}

function lowerCased(value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key.toLowerCase(), lowerCased(each)]),
  );
}

function at(content: unknown, path: string): unknown {
  let value = content;
  for (const key of path.toLowerCase().split('.')) {
    if (!isRecord(value)) return undefined;
    value = value[key];
  }
  return value;
}

/** `hh:mm:ss`, or `-1` for no limit. */
function functionTimeout(path: string, setting: unknown): number | undefined {
  if (setting === '-1') return undefined;
  const [, hours, minutes, seconds] = /^(\d{1,2}):(\d{2}):(\d{2})$/.exec(String(setting)) ?? [];
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000;
  if (ms > 0) return ms;
  throw new Error(`${path}: functionTimeout must be "hh:mm:ss" or "-1", not "${String(setting)}"`);
}

function logLevels(path: string, setting: unknown): HostJson['logLevelOf'] {
  const levels = new Map<string, LogLevel>();
  for (const [category, name] of Object.entries(isRecord(setting) ? setting : {})) {
    const level = LOG_LEVELS.find((known) => known === String(name).toLowerCase());
    if (level === undefined) {
      throw new Error(`${path}: logging.logLevel.${category} is "${String(name)}", which is no log level`);
    }
    levels.set(category.toLowerCase(), level);
  }
  return (functionName, category = 'user') => {
    const own = `function.${functionName}`.toLowerCase();
    const ofFunction = category === 'user' ? [`${own}.user`, own, 'function'] : [own, 'function'];
    const categories = functionName === undefined ? ['host'] : ofFunction;
    for (const category of [...categories, 'default']) {
      const level = levels.get(category);
      if (level !== undefined) return level;
    }
    return 'information';
  };
}
