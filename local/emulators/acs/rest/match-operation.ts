import { invalid } from '../http/fields.ts';
import type { Operation } from '../rest-operations/operation.ts';
import { OPERATIONS } from '../rest-operations/operations.ts';

type Match =
  | { readonly type: 'found'; readonly operation: Operation; readonly path: ReadonlyMap<string, string> }
  | { readonly type: 'methodNotAllowed'; readonly allowed: readonly string[] }
  /** Of Azure Communication Services, but not of Call Automation. */
  | { readonly type: 'otherService' }
  | { readonly type: 'notFound' };

const ROUTES = OPERATIONS.map((operation) => ({ operation, pattern: toPattern(operation.path) }));

/** Where the paths of the other clients of Azure Communication Services begin. */
const OTHER_SERVICES = new Set([
  'availablePhoneNumbers',
  'chat',
  'emails',
  'identities',
  'messages',
  'networkConfiguration',
  'phoneNumbers',
  'rooms',
  'routing',
  'sipTrunks',
  'sms',
]);

/** The operation that a method and a path (without query) name. */
export function matchOperation(method: string, path: string): Match {
  const allowed: string[] = [];
  for (const { operation, pattern } of ROUTES) {
    const match = pattern.exec(path);
    if (match === null) continue;
    if (operation.method !== method) {
      allowed.push(operation.method);
      continue;
    }
    const values = new Map<string, string>();
    for (const [name, value] of Object.entries(match.groups ?? {})) {
      const decoded = decode(value);
      if (decoded === undefined) return { type: 'notFound' };
      values.set(name, decoded);
    }
    return { type: 'found', operation, path: values };
  }
  if (allowed.length > 0) return { type: 'methodNotAllowed', allowed };
  return { type: OTHER_SERVICES.has(path.split('/')[1] ?? '') ? 'otherService' : 'notFound' };
}

/** A placeholder takes one path segment without a colon, since a colon starts the action. */
function toPattern(template: string): RegExp {
  return new RegExp(`^${template.replace(/\{(\w+)\}/g, '(?<$1>[^/:]+)')}$`);
}

function decode(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

/** Where a request names URLs, and what the service takes there. */
const PLACES: readonly { readonly path: readonly string[]; readonly protocol: 'https:' | 'wss:' }[] = [
  { path: ['callbackUri'], protocol: 'https:' },
  { path: ['operationCallbackUri'], protocol: 'https:' },
  { path: ['mediaStreamingOptions', 'transportUrl'], protocol: 'wss:' },
  { path: ['transcriptionOptions', 'transportUrl'], protocol: 'wss:' },
];

/**
 * The service's own rule for URLs: callbacks over https, streams over wss, everywhere.
 * @throws RefusedError 400 8523
 */
export function checkStrictUrls(body: unknown): void {
  for (const { path, protocol } of PLACES) {
    const value = path.reduce(member, body);
    if (typeof value !== 'string') continue;
    if (!URL.canParse(value) || new URL(value).protocol !== protocol)
      throw invalid(`The field ${path.join('.')} is invalid: it must be an absolute ${protocol}// URL.`);
  }
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}
