import definition from './api-definition.json' with { type: 'json' };

/** The type of one member, as `api-definition.json` writes it. */
export type MemberType =
  | { readonly type: 'string' | 'boolean' | 'texts' }
  | { readonly type: 'number'; readonly least: number; readonly most: number }
  | { readonly type: 'enum'; readonly values: readonly string[] }
  | { readonly type: 'array'; readonly of: MemberType }
  | { readonly type: 'object'; readonly definition: string };

export interface TypeMember {
  readonly name: string;
  readonly required: boolean;
  /** What earlier API versions called it. */
  readonly formerName?: string | undefined;
  readonly type: MemberType;
}

const enums = new Map<string, readonly string[]>(Object.entries(definition.enums));
const sources = new Map<string, Readonly<Record<string, string | undefined>>>(
  Object.entries(definition.definitions),
);
const compiled = new Map<string, readonly TypeMember[]>();

interface OperationDefinition {
  readonly method: string;
  readonly body?: string | undefined;
  readonly response?: string | undefined;
}

const operations = new Map<string, OperationDefinition>(
  Object.entries({ ...definition.operations, ...definition.previewOperations }),
);

/** The name of the definition that an operation's request body follows; undefined where it takes none. */
export function bodyDefinition(operation: string): string | undefined {
  return operations.get(operation)?.body;
}

/** The name of the definition that the answer of an operation follows; undefined where its body is empty. */
export function responseDefinition(operation: string): string | undefined {
  return operations.get(operation)?.response;
}

/** @throws Error for a name that the API does not define */
export function membersOf(name: string): readonly TypeMember[] {
  const known = compiled.get(name);
  if (known !== undefined) return known;
  const source = sources.get(name);
  if (source === undefined) throw new Error(`The API definition has no "${name}".`);
  const members = Object.entries(source).flatMap(([member, text = '']) =>
    member === '...' ? membersOf(text) : [parseMember(member, text)],
  );
  compiled.set(name, members);
  return members;
}

/** `type`, then `*` where it is required, then ` or name` where it had another name before. */
function parseMember(name: string, text: string): TypeMember {
  const [declared = '', formerName] = text.split(' or ', 2);
  const required = declared.endsWith('*');
  return { name, required, formerName, type: parseType(required ? declared.slice(0, -1) : declared) };
}

function parseType(text: string): MemberType {
  if (text.startsWith('[')) return { type: 'array', of: parseType(text.slice(1, -1)) };
  if (text === '{string}') return { type: 'texts' };
  if (text === 'string' || text === 'boolean') return { type: text };
  const [word = '', rest = ''] = text.split(' ', 2);
  if (word === 'number') {
    const [least = '-Infinity', most = 'Infinity'] = rest === '' ? [] : rest.split('..', 2);
    return { type: 'number', least: Number(least), most: Number(most) };
  }
  if (word === 'enum') {
    const values = enums.get(rest);
    if (values === undefined) throw new Error(`The API definition has no enum "${rest}".`);
    return { type: 'enum', values };
  }
  return { type: 'object', definition: text };
}
