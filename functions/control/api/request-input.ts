import type * as z from 'zod';
import { type Endpoint, isMutation, parametersOf } from '../../../shared/wire/api/endpoint.ts';
import { isPathParameter, PATH_PARAMETERS } from '../../../shared/wire/api/parameter-schemas.ts';
import type { ProblemMember } from '../../../shared/wire/api/problem.ts';
import { callIdOfPath, pathParameter, type RequestAddress } from '../http/invocation.ts';
import { ProblemError } from '../http/problems.ts';

/** The checked parts of a request. */
interface RequestInput {
  readonly params: Readonly<Record<string, string>>;
  readonly query: unknown;
  readonly body: unknown;
}

/** How deep objects and arrays of a body may be nested. */
const MAX_DEPTH = 32;

/** Values in a body, those within others included: a schema takes a hundred times as long for each as its JSON. */
const MAX_VALUES = 10_000;

/** Problems that an answer lists, so that it is not longer than its request. */
const MAX_ERRORS = 20;

/** Longest name, pointer or description in a listed problem, in characters. */
const MAX_ERROR_CHARS = 300;

/** Names with a meaning in JavaScript, which no body may use. */
const RESERVED = new Set(['__proto__', 'constructor', 'prototype']);

/** The host reads a function key from this query parameter. */
const HOST_PARAMETER = 'code';

/**
 * Checks path, query and body of a request against its endpoint.
 * @throws ProblemError that lists what is wrong, up to 20 problems, and says how many more there are
 */
export function readInput(endpoint: Endpoint, request: RequestAddress, bodyText: string): RequestInput {
  const errors: ProblemMember[] = [];
  const query = readQuery(endpoint, request, errors);
  const params = readParams(endpoint, request, errors);
  const body = isMutation(endpoint) ? readBody(endpoint, bodyText, errors) : undefined;
  if (errors.length === 0) return { params, query, body };
  const listed = errors.slice(0, MAX_ERRORS).map(shortened);
  const more = errors.length > MAX_ERRORS ? `; and ${errors.length - MAX_ERRORS} more` : '';
  const detail = `The request is not valid: ${listed.map(describe).join('; ')}${more}.`;
  throw new ProblemError('invalid-request', detail, { errors: listed });
}

function shortened(member: ProblemMember): ProblemMember {
  const detail = short(member.detail);
  return 'pointer' in member
    ? { pointer: short(member.pointer), detail }
    : { ...member, parameter: short(member.parameter), detail };
}

function short(text: string): string {
  return text.length <= MAX_ERROR_CHARS ? text : `${text.slice(0, MAX_ERROR_CHARS - 1)}…`;
}

function describe(member: ProblemMember): string {
  const where = 'pointer' in member ? member.pointer : `${member.in} parameter ${member.parameter}`;
  return `${where} ${member.detail}`;
}

function readParams(
  endpoint: Endpoint,
  request: RequestAddress,
  errors: ProblemMember[],
): Record<string, string> {
  const params: Record<string, string> = {};
  for (const name of parametersOf(endpoint.path)) {
    // The query has it as well, which is among the errors already.
    if (errors.length > 0 && pathParameter(request, name) === undefined) continue;
    if (name === 'callId') {
      params[name] = callIdOfPath(request);
      continue;
    }
    if (!isPathParameter(name)) throw new Error(`the path parameter ${name} is not described`);
    const parsed = PATH_PARAMETERS[name].safeParse(pathParameter(request, name) ?? '');
    if (parsed.success) params[name] = parsed.data;
    else errors.push(...parsed.error.issues.map(({ message }) => inParameter('path', name, message)));
  }
  return params;
}

function readQuery(endpoint: Endpoint, request: RequestAddress, errors: ProblemMember[]): unknown {
  const given = new Map<string, string>();
  for (const [name, value] of request.query) {
    if (name === HOST_PARAMETER) continue;
    if (given.has(name)) errors.push(inParameter('query', name, 'is given twice'));
    given.set(name, value);
  }
  const known = endpoint.query?.shape ?? {};
  for (const name of given.keys())
    if (!Object.hasOwn(known, name)) errors.push(inParameter('query', name, 'is not a known parameter'));
  if (endpoint.query === undefined) return {};
  const values = Object.fromEntries([...given].filter(([name]) => Object.hasOwn(known, name)));
  const parsed = endpoint.query.safeParse(values);
  if (parsed.success) return parsed.data;
  errors.push(
    ...parsed.error.issues.map(({ path, message }) => inParameter('query', String(path[0]), message)),
  );
  return {};
}

function inParameter(where: 'path' | 'query', parameter: string, detail: string): ProblemMember {
  return { parameter, in: where, detail };
}

function readBody(endpoint: Endpoint, text: string, errors: ProblemMember[]): unknown {
  const json = text.trim() === '' ? { value: {} } : strictJson(text);
  if ('pointer' in json) {
    errors.push(json);
    return undefined;
  }
  if (endpoint.body === undefined) {
    if (!isEmptyObject(json.value))
      errors.push({ pointer: '#', detail: 'must be empty: this operation takes no body' });
    return {};
  }
  const parsed = endpoint.body.safeParse(json.value);
  if (parsed.success) return parsed.data;
  errors.push(...parsed.error.issues.flatMap(describeIssue));
  return undefined;
}

function isEmptyObject(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
  );
}

function describeIssue(issue: z.core.$ZodIssue): ProblemMember[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      pointer: pointerTo([...issue.path, key]),
      detail: 'is not a known member',
    }));
  return [{ pointer: pointerTo(issue.path), detail: issue.message }];
}

/** The value of a JSON text, or what is wrong with it: not JSON, too deep, too many values, or a reserved name. */
function strictJson(text: string): { readonly value: unknown } | Extract<ProblemMember, { pointer: string }> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { pointer: '#', detail: 'must be JSON' };
  }
  return problemIn(value) ?? { value };
}

type Place = { readonly value: unknown; readonly path: readonly string[] };

function problemIn(root: unknown): Extract<ProblemMember, { pointer: string }> | undefined {
  const left: Place[] = [{ value: root, path: [] }];
  let values = 0;
  for (let place = left.pop(); place !== undefined; place = left.pop()) {
    const { value, path } = place;
    if (typeof value !== 'object' || value === null) continue;
    if (path.length >= MAX_DEPTH)
      return { pointer: pointerTo(path), detail: `must not lie deeper than ${MAX_DEPTH} levels` };
    const members = Object.entries(value);
    values += members.length;
    if (values > MAX_VALUES) return { pointer: '#', detail: `must not hold more than ${MAX_VALUES} values` };
    for (const [key, member] of members) {
      if (RESERVED.has(key)) return { pointer: pointerTo([...path, key]), detail: 'is not a known member' };
      left.push({ value: member, path: [...path, key] });
    }
  }
  return undefined;
}

/** A JSON pointer as a URI fragment (RFC 6901, section 6). */
function pointerTo(path: readonly PropertyKey[]): string {
  const parts = path.map((key) =>
    encodeURIComponent(String(key).replaceAll('~', '~0').replaceAll('/', '~1')),
  );
  return ['#', ...parts].join('/');
}
