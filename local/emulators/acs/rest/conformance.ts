import { isRecord } from '../../common/json.ts';
import { type MemberType, membersOf, type TypeMember } from './api-types.ts';

/** How enum values are compared: requests of the official SDKs differ in casing, what the service sends does not. */
export type EnumCasing = 'any' | 'exact';

interface Conformance {
  /** A sentence that names the member and the rule it breaks; undefined where the value follows the definition. */
  readonly violation: string | undefined;
  /** Paths of members that the definition does not have. */
  readonly unknown: readonly string[];
}

class Violation extends Error {}

/**
 * Compares a JSON value with a definition of the API: types, required members, enum values, bounds. A member that is
 * null counts as absent.
 * @throws Error for a name that the API does not define
 */
export function conformance(definition: string, value: unknown, casing: EnumCasing): Conformance {
  const unknown: string[] = [];
  try {
    checkObject(definition, value, '', { casing, unknown });
    return { violation: undefined, unknown };
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    return { violation: error.message, unknown };
  }
}

interface Checking {
  readonly casing: EnumCasing;
  readonly unknown: string[];
}

function checkObject(definition: string, value: unknown, path: string, checking: Checking): void {
  if (!isRecord(value))
    throw new Violation(
      path === '' ? 'The request body must be a JSON object.' : `The field ${path} must be an object.`,
    );
  const values = new Map<string, unknown>(Object.entries(value));
  const members = membersOf(definition);
  for (const member of members) {
    const name = nameIn(values, member);
    const memberValue = values.get(name) ?? undefined;
    const memberPath = join(path, name);
    if (memberValue !== undefined) check(member.type, memberValue, memberPath, checking);
    if (member.required && (memberValue === undefined || memberValue === ''))
      throw new Violation(`The field ${memberPath} is required.`);
    values.delete(name);
  }
  for (const name of values.keys()) checking.unknown.push(join(path, name));
}

function nameIn(values: ReadonlyMap<string, unknown>, { name, formerName }: TypeMember): string {
  return formerName !== undefined && !values.has(name) && values.has(formerName) ? formerName : name;
}

function check(type: MemberType, value: unknown, path: string, checking: Checking): void {
  switch (type.type) {
    case 'string':
      if (typeof value !== 'string') throw new Violation(`The field ${path} must be a string.`);
      return;
    case 'boolean':
      if (typeof value !== 'boolean') throw new Violation(`The field ${path} must be true or false.`);
      return;
    case 'number':
      checkNumber(type, value, path);
      return;
    case 'enum':
      checkEnum(type.values, value, path, checking.casing);
      return;
    case 'texts':
      checkTexts(value, path);
      return;
    case 'array':
      if (!Array.isArray(value)) throw new Violation(`The field ${path} must be an array.`);
      for (const [index, item] of value.entries()) check(type.of, item, `${path}[${index}]`, checking);
      return;
    case 'object':
      checkObject(type.definition, value, path, checking);
      return;
  }
}

function checkNumber(
  { least, most }: MemberType & { readonly type: 'number' },
  value: unknown,
  path: string,
): void {
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw new Violation(`The field ${path} must be a number.`);
  if (value < least || value > most)
    throw new Violation(`The field ${path} must be between ${least} and ${most}, not ${value}.`);
}

function checkEnum(values: readonly string[], value: unknown, path: string, casing: EnumCasing): void {
  if (typeof value !== 'string') throw new Violation(`The field ${path} must be a string.`);
  const fits = values.some((allowed) =>
    casing === 'exact' ? allowed === value : allowed.toLowerCase() === value.toLowerCase(),
  );
  if (!fits) throw new Violation(`The field ${path} must be one of ${values.join(', ')}, not "${value}".`);
}

function checkTexts(value: unknown, path: string): void {
  if (!isRecord(value)) throw new Violation(`The field ${path} must be an object.`);
  for (const [name, text] of Object.entries(value))
    if (typeof text !== 'string') throw new Violation(`The field ${join(path, name)} must be a string.`);
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
