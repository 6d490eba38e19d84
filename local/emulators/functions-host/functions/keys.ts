import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isRecord } from '../app/json.ts';

/** Names and values of keys of one scope. */
export type KeyRing = Readonly<Record<string, string>>;

/** The keys of one function app. */
export interface HostKeys {
  readonly master: string;
  /** Open every function of level `function`. */
  readonly host?: KeyRing;
  /** Open webhooks of extensions, by the name `<extension>_extension`. */
  readonly system?: KeyRing;
  /** Open one function each, by the function's name. */
  readonly function?: Readonly<Record<string, KeyRing>>;
}

export const KEYS_VARIABLE = 'FUNCTIONS_HOST_KEYS';

const EXAMPLE = '{"master":"…","host":{"default":"…"},"system":{"eventgrid_extension":"…"}}';

/**
 * Parses the keys from the text of `FUNCTIONS_HOST_KEYS`.
 *
 * @throws one sentence when the text is missing or does not have the shape; it never quotes a key
 */
export function parseHostKeys(text: string | undefined): HostKeys {
  if (text === undefined || text === '') {
    throw new Error(`${KEYS_VARIABLE} is not set: the host checks keys and needs them as JSON, ${EXAMPLE}`);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw new Error(`${KEYS_VARIABLE} is not JSON; it must look like ${EXAMPLE}`);
  }
  if (!isRecord(content)) throw new Error(`${KEYS_VARIABLE} must be a JSON object like ${EXAMPLE}`);
  const unknown = Object.keys(content).find((key) => !['master', 'host', 'system', 'function'].includes(key));
  if (unknown !== undefined) throw new Error(`${KEYS_VARIABLE}: "${unknown}" is no kind of key`);
  const functions: Record<string, KeyRing> = {};
  const perFunction = content['function'] ?? {};
  if (!isRecord(perFunction)) throw new Error(`${KEYS_VARIABLE}: "function" must be an object`);
  for (const [name, ring] of Object.entries(perFunction)) {
    functions[name] = keyRing(ring, `function.${name}`);
  }
  return {
    master: keyValue(content['master'], 'master'),
    host: keyRing(content['host'] ?? {}, 'host'),
    system: keyRing(content['system'] ?? {}, 'system'),
    function: functions,
  };
}

function keyRing(value: unknown, path: string): KeyRing {
  if (!isRecord(value))
    throw new Error(`${KEYS_VARIABLE}: "${path}" must be an object of key names and values`);
  const ring: Record<string, string> = {};
  for (const [name, key] of Object.entries(value)) ring[name] = keyValue(key, `${path}.${name}`);
  return ring;
}

function keyValue(value: unknown, path: string): string {
  if (typeof value !== 'string' || value === '') {
    throw new Error(`${KEYS_VARIABLE}: "${path}" must be a non-empty string`);
  }
  return value;
}

/** The key that a request brings: the `x-functions-key` header, even an empty one, hides `?code=`. */
export function keyOf(request: IncomingMessage, query: URLSearchParams): string | undefined {
  const header = request.headers['x-functions-key'];
  if (header !== undefined) return Array.isArray(header) ? header[0] : header;
  return query.get('code') ?? undefined;
}

/** Compares what requests bring with the keys, in constant time. */
export class KeyCheck {
  readonly #keys: HostKeys;
  /** By the function's name in lower case: function names differ by more than case. */
  readonly #functionKeys: ReadonlyMap<string, KeyRing>;

  constructor(keys: HostKeys) {
    this.#keys = keys;
    this.#functionKeys = new Map(
      Object.entries(keys.function ?? {}).map(([name, ring]) => [name.toLowerCase(), ring]),
    );
  }

  isMaster(key: string | undefined): boolean {
    return key !== undefined && sameText(key, this.#keys.master);
  }

  /** True for the function's own keys, host keys and the master key. */
  opensFunction(name: string, key: string | undefined): boolean {
    if (key === undefined) return false;
    const own = this.#functionKeys.get(name.toLowerCase()) ?? {};
    const candidates = [this.#keys.master, ...Object.values(this.#keys.host ?? {}), ...Object.values(own)];
    return candidates.some((candidate) => sameText(key, candidate));
  }

  /** True for the system key of that name and the master key. */
  opensSystem(name: string, key: string | undefined): boolean {
    if (key === undefined) return false;
    const system = this.#keys.system?.[name];
    return this.isMaster(key) || (system !== undefined && sameText(key, system));
  }
}

function sameText(left: string, right: string): boolean {
  return timingSafeEqual(digest(left), digest(right));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
