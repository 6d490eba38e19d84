import type { IncomingMessage } from 'node:http';
import type { Limits } from '../base/limits.ts';
import { connectionFilter } from '../filter/filter-evaluator.ts';
import { FilterError } from '../filter/filter-expression.ts';
import { badParameter, INVALID_GROUP } from '../http/api-error.ts';
import type { Query } from '../http/query.ts';
import type { Selection } from '../hub/commands.ts';
import { isGroupName } from '../hub/names.ts';
import type { AccessTokens } from '../tokens/access-tokens.ts';
import type { HubRuntime } from '../transport/hub-runtime.ts';

export interface RestOptions {
  readonly limits: Limits;
  readonly tokens: AccessTokens;
  /** What adding a user without connections to a group answers: 404 (Microsoft's emulator) or 200. */
  readonly onAddAbsentUser: 'notFound' | 'ok';
}

/** One authenticated request to an operation. */
export interface RestCall {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly query: Query;
  /** Percent-decoded path parameters. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly runtime: HubRuntime;
  readonly options: RestOptions;
}

/** @throws ApiError 400 */
export function groupParameter(call: RestCall): string {
  const group = parameter(call, 'group');
  if (!isGroupName(group)) throw badParameter(INVALID_GROUP, 'group');
  return group;
}

export function parameter(call: RestCall, name: string): string {
  const value = call.parameters[name];
  if (value === undefined) throw new Error(`the operation's path has no parameter '${name}'`);
  return value;
}

/** @throws ApiError 400 */
export function idParameter(call: RestCall, name: 'connectionId' | 'userId'): string {
  const id = parameter(call, name);
  if (id.trim() !== '') return id;
  const kind = name === 'userId' ? 'user' : 'connection';
  throw badParameter(`Invalid ${kind} id. It must not be white space only.`, name);
}

/** The connection ids of the repeated query parameter `excluded`. */
export function excludedIds(call: RestCall): ReadonlySet<string> {
  return new Set(call.query.all('excluded'));
}

/**
 * Reads a filter; absent and empty are none.
 * @returns a function that throws ApiError 400 in turn, for a connection of which the filter makes no sense
 * @param target as the service spells it: `filter` in a URL, `Filter` in a body
 * @throws ApiError 400
 */
export function filterOf(
  filter: string | null | undefined,
  target: 'filter' | 'Filter',
): Selection['filter'] {
  if (filter === null || filter === undefined || filter === '') return undefined;
  const chooses = orBadFilter(() => connectionFilter(filter), target);
  return (subject) => orBadFilter(() => chooses(subject), target);
}

function orBadFilter<T>(read: () => T, target: string): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    throw badParameter(error.message, target);
  }
}

/** An integer of the query within bounds, undefined when it is absent. @throws ApiError 400 */
export function integerParameter(call: RestCall, name: string, min: number, max: number): number | undefined {
  const [text, ...more] = call.query.all(name);
  if (text === undefined) return undefined;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max && more.length === 0) return value;
  throw badParameter(`Invalid ${name}. It must be one integer from ${min} to ${max}.`, name);
}
