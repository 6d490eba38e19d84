import { join } from 'node:path';
import type { LogLevel } from '../app/core-types.ts';
import { isRecord, readAppJson } from '../app/json.ts';
import { LOG_LEVELS } from '../app/log.ts';

/** What is used of host.json. */
export interface HostJson {
  /** Without slashes at its ends; empty when functions are served at the root. */
  readonly routePrefix: string;
  /** How long an invocation may take; undefined without a limit. */
  readonly functionTimeoutMs: number | undefined;
  /** The level from which on messages of a function are shown: the most specific entry of `logging.logLevel` wins. */
  readonly logLevelOf: (functionName: string | undefined) => LogLevel;
  /** Settings that are present and have no effect here, by their path. */
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

/**
 * Reads host.json from the root of the app's folder.
 *
 * @throws one sentence when it is missing, is not JSON, or is not of version 2.0, or a setting has another form
 */
export function readHostJson(appFolder: string): HostJson {
  const path = join(appFolder, 'host.json');
  const content = readAppJson(appFolder, path);
  if (!isRecord(content) || content['version'] !== '2.0') {
    throw new Error(`${path} must have "version": "2.0"`);
  }
  const prefix = at(content, 'extensions.http.routePrefix') ?? 'api';
  if (typeof prefix !== 'string') throw new Error(`${path}: extensions.http.routePrefix must be a string`);
  return {
    routePrefix: prefix.replace(/^\/+|\/+$/g, ''),
    functionTimeoutMs: functionTimeout(path, content['functionTimeout'] ?? '-1'),
    logLevelOf: logLevels(path, at(content, 'logging.logLevel')),
    ignored: NOT_SUPPORTED.filter((setting) => at(content, setting) !== undefined),
  };
}

function at(content: unknown, path: string): unknown {
  let value = content;
  for (const key of path.split('.')) {
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
  return (functionName) => {
    const own = `function.${functionName}`.toLowerCase();
    const categories = functionName === undefined ? ['host'] : [`${own}.user`, own, 'function'];
    for (const category of [...categories, 'default']) {
      const level = levels.get(category);
      if (level !== undefined) return level;
    }
    return 'information';
  };
}
