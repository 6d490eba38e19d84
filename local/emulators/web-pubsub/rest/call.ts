import type { IncomingMessage } from 'node:http';
import type { Limits } from '../base/limits.ts';
import { connectionFilter } from '../filter/filter-evaluator.ts';
import { FilterError } from '../filter/filter-expression.ts';
import { badRequest } from '../http/api-error.ts';
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
  /** Percent-decoded path parameters. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly runtime: HubRuntime;
  readonly options: RestOptions;
}

/** @throws ApiError 400 */
export function groupParameter(call: RestCall): string {
  const group = parameter(call, 'group');
  if (!isGroupName(group)) throw badRequest('The group name breaks the naming rule.', 'group');
  return group;
}

export function parameter(call: RestCall, name: string): string {
  const value = call.parameters[name];
  if (value === undefined) throw new Error(`the operation's path has no parameter '${name}'`);
  return value;
}

/** The connection ids of the repeated query parameter `excluded`. */
export function excludedIds(call: RestCall): ReadonlySet<string> {
  return new Set(call.url.searchParams.getAll('excluded'));
}

/** Why connections are closed, from the query parameter `reason`. */
export function closeReason(call: RestCall): string {
  return call.url.searchParams.get('reason') || 'closed through the REST interface';
}

/**
 * Reads a filter; absent and empty are none.
 * @returns a function that throws ApiError 400 in turn, for a connection of which the filter makes no sense
 * @throws ApiError 400
 */
export function filterOf(filter: string | null | undefined): Selection['filter'] {
  if (filter === null || filter === undefined || filter === '') return undefined;
  const chooses = orBadRequest(() => connectionFilter(filter));
  return (subject) => orBadRequest(() => chooses(subject));
}

function orBadRequest<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    throw badRequest(error.message, 'filter');
  }
}

/** An integer of the query within bounds, undefined when it is absent. @throws ApiError 400 */
export function integerParameter(call: RestCall, name: string, min: number, max: number): number | undefined {
  const text = call.url.searchParams.get(name);
  if (text === null) return undefined;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw badRequest(`'${name}' must be an integer from ${min} to ${max}.`, name);
}
