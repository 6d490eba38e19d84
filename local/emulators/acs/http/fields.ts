import { isRecord, requireJson } from '../../common/json.ts';
import { RefusedError, refusals } from './refusal.ts';

/**
 * Reads members of a JSON object of a request. Every reader throws `RefusedError` 400 8523 naming the member that does
 * not fit. `unread` names the members that no reader asked for.
 */
export class Fields {
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #path: string;
  readonly #read = new Set<string>();

  constructor(value: unknown, path = '') {
    if (!isRecord(value))
      throw invalid(path === '' ? 'The request body must be a JSON object.' : `${path} must be an object.`);
    this.#values = new Map(Object.entries(value));
    this.#path = path;
  }

  has(name: string): boolean {
    return this.#take(name) !== undefined;
  }

  text(name: string): string {
    const value = this.optionalText(name);
    if (value === undefined || value === '') throw invalid(`The field ${this.#name(name)} is required.`);
    return value;
  }

  optionalText(name: string): string | undefined {
    const value = this.#take(name);
    if (value !== undefined && typeof value !== 'string')
      throw invalid(`The field ${this.#name(name)} must be a string.`);
    return value;
  }

  flag(name: string, byDefault: boolean): boolean {
    const value = this.#take(name);
    if (value === undefined) return byDefault;
    if (typeof value !== 'boolean') throw invalid(`The field ${this.#name(name)} must be true or false.`);
    return value;
  }

  /**
   * One of these values in any casing, since the official SDKs and samples differ in it; given back in the casing of
   * `allowed`.
   */
  oneOf<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const value = this.optionalText(name);
    return value === undefined ? undefined : oneOf(this.#name(name), value, allowed);
  }

  /** A whole number within these bounds, both included. */
  whole(name: string, least: number, most: number): number | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    throw invalid(`The field ${this.#name(name)} must be a whole number from ${least} to ${most}.`);
  }

  /** An object whose members are all strings. */
  texts(name: string): Readonly<Record<string, string>> {
    const value = this.#take(name);
    if (value === undefined) return {};
    if (!isRecord(value)) throw invalid(`The field ${this.#name(name)} must be an object.`);
    const entries = Object.entries(value).map(([key, text]): [string, string] => {
      if (typeof text !== 'string') throw invalid(`The field ${this.#name(name)}.${key} must be a string.`);
      return [key, text];
    });
    return Object.fromEntries(entries);
  }

  object(name: string): Fields | undefined {
    const value = this.#take(name);
    return value === undefined ? undefined : new Fields(value, this.#name(name));
  }

  /** An array of strings; empty where the member is absent. */
  textList(name: string): readonly string[] {
    return this.#list(name).map((value, index) => {
      if (typeof value === 'string') return value;
      throw invalid(`The field ${this.#name(name)}[${index}] must be a string.`);
    });
  }

  /** An array of these values in any casing; empty where the member is absent. */
  eachOf<T extends string>(name: string, allowed: readonly T[]): readonly T[] {
    return this.textList(name).map((value, index) => oneOf(`${this.#name(name)}[${index}]`, value, allowed));
  }

  /** The objects of an array; none where it is absent. */
  objects(name: string): readonly Fields[] {
    return this.#list(name).map((item, index) => new Fields(item, `${this.#name(name)}[${index}]`));
  }

  /** Names of the members that were not asked for. */
  unread(): readonly string[] {
    return [...this.#values.keys()].filter((name) => !this.#read.has(name)).map((name) => this.#name(name));
  }

  #list(name: string): readonly unknown[] {
    const value = this.#take(name) ?? [];
    if (Array.isArray(value)) return value;
    throw invalid(`The field ${this.#name(name)} must be an array.`);
  }

  #take(name: string): unknown {
    this.#read.add(name);
    return this.#values.get(name) ?? undefined;
  }

  #name(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }
}

function oneOf<T extends string>(path: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate.toLowerCase() === value.toLowerCase());
  if (found !== undefined) return found;
  throw invalid(`The field ${path} must be one of ${allowed.join(', ')}, not "${value}".`);
}

export function invalid(sentence: string): RefusedError {
  return new RefusedError(refusals.invalidArgument(sentence));
}

/** A request body as JSON. @throws RefusedError 400 8523 */
export function parseJson(body: Buffer): unknown {
  return requireJson(body.toString('utf8'), (place) =>
    invalid(`The request body is not JSON: it breaks off at ${place}.`),
  );
}
