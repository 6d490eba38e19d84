import type { IncomingMessage } from 'node:http';
import * as z from 'zod';
import { requireJson } from '../../common/json.ts';
import { isSameSecret } from '../../common/secret.ts';

const key = z.string('must be a non-empty string').min(1, 'must be a non-empty string');
const keyRing = z.record(z.string(), key, 'must be an object of key names and values');

const hostKeys = z.strictObject({
  master: key,
  /** Open every function of level `function`. */
  host: keyRing.optional(),
  /** Open webhooks of extensions, by the name `<extension>_extension`. */
  system: keyRing.optional(),
  /** Open one function each, by the function's name. */
  function: z.record(z.string(), keyRing, 'must be an object').optional(),
});

/** Names and values of keys of one scope. */
export type KeyRing = z.output<typeof keyRing>;

/** The keys of one function app. */
export type HostKeys = z.output<typeof hostKeys>;

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
  const content = requireJson(
    text,
    (place) => new Error(`${KEYS_VARIABLE} is not JSON (see ${place}); it must look like ${EXAMPLE}`),
  );
  const result = hostKeys.safeParse(content);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue?.code === 'unrecognized_keys' && issue.path.length === 0)
    throw new Error(`${KEYS_VARIABLE}: "${issue.keys[0]}" is no kind of key`);
  if (issue === undefined || issue.path.length === 0)
    throw new Error(`${KEYS_VARIABLE} must be a JSON object like ${EXAMPLE}`);
  throw new Error(`${KEYS_VARIABLE}: "${issue.path.join('.')}" ${issue.message}`);
}

/** The key that a request brings: the first `x-functions-key` header, even an empty one, hides `?code=`. */
export function keyOf(request: IncomingMessage, query: URLSearchParams): string | undefined {
  const [header] = request.headersDistinct['x-functions-key'] ?? [];
  return header ?? [...query].find(([name]) => name.toLowerCase() === 'code')?.[1];
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
    return key !== undefined && isSameSecret(key, this.#keys.master);
  }

  /** True for the function's own keys, host keys and the master key. */
  opensFunction(name: string, key: string | undefined): boolean {
    if (key === undefined) return false;
    const own = this.#functionKeys.get(name.toLowerCase()) ?? {};
    const candidates = [this.#keys.master, ...Object.values(this.#keys.host ?? {}), ...Object.values(own)];
    return candidates.some((candidate) => isSameSecret(key, candidate));
  }

  /**
   * Why a key does not open a path of the host itself: 401 for one that the host does not know, 403 for one of another
   * scope. The master key opens all, a system key the webhook of its extension.
   */
  refusal(key: string | undefined, systemKey?: string): 401 | 403 | undefined {
    if (this.isMaster(key)) return undefined;
    const { host = {}, system = {} } = this.#keys;
    const isKey = (candidate: string): boolean => key !== undefined && isSameSecret(key, candidate);
    if (Object.entries(system).some(([name, value]) => name.toLowerCase() === systemKey && isKey(value)))
      return undefined;
    return [...Object.values(host), ...Object.values(system)].some(isKey) ? 403 : 401;
  }
}
