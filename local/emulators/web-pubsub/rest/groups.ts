import { GROUP_MEMBERS_PAGE_MAX } from '../base/limits.ts';
import { badRequest } from '../http/api-error.ts';
import { bodyOf, type HttpResult, mediaTypeOf } from '../http/request.ts';
import type { Member } from '../hub/hub.ts';
import { isGroupName } from '../hub/names.ts';
import { filterOf, groupParameter, integerParameter, type RestCall } from './call.ts';
import { unsupportedMediaType } from './message-body.ts';

/**
 * Adds every connection that the filter chooses to groups, or removes it from them:
 * `{"groups": [...], "filter": "..."}`.
 * @throws ApiError 400, 415
 */
export async function changeGroupsOfAll(
  call: RestCall,
  type: 'addToGroups' | 'removeFromGroups',
): Promise<HttpResult> {
  const mediaType = mediaTypeOf(call.request);
  if (mediaType !== 'application/json') throw unsupportedMediaType(mediaType, 'application/json');
  const text = (await bodyOf(call.request, call.options.limits.restBodyBytes)).toString('utf8');
  const { groups, filter } = parse(text);
  if (!Array.isArray(groups) || groups.length === 0 || !groups.every((group) => typeof group === 'string'))
    throw badRequest("'groups' must be a list of at least one group name.", 'groups');
  if (!groups.every(isGroupName))
    throw badRequest("'groups' has a name that breaks the naming rule.", 'groups');
  if (filter !== undefined && filter !== null && typeof filter !== 'string')
    throw badRequest("'filter' must be a string.", 'filter');
  call.runtime.apply({ type, target: { to: 'all' }, groups, filter: filterOf(filter) });
  return { status: 200 };
}

function parse(text: string): { readonly groups?: unknown; readonly filter?: unknown } {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null) return body;
  } catch {
    // Answered below, like JSON that is not an object.
  }
  throw badRequest('The request body is not a JSON object.');
}

interface Page {
  readonly value: readonly Member[];
  readonly nextLink?: string;
}

/**
 * One page of a group's members, ordered by connection id. The continuation token names the last member of the page
 * before, so members that come and go between two pages are neither repeated nor make others be skipped.
 */
export function listGroupMembers(call: RestCall): HttpResult {
  const pageSize = integerParameter(call, 'maxpagesize', 1, GROUP_MEMBERS_PAGE_MAX) ?? GROUP_MEMBERS_PAGE_MAX;
  const top = integerParameter(call, 'top', 1, 2 ** 31 - 1);
  const after = readToken(call.url.searchParams.get('continuationToken'));
  const members = call.runtime.hub
    .membersOf(groupParameter(call))
    .filter((member) => after === undefined || member.connectionId > after);
  const value = members.slice(0, Math.min(pageSize, top ?? pageSize));
  const last = value.at(-1);
  const remaining = top === undefined ? undefined : top - value.length;
  if (last === undefined || members.length === value.length || remaining === 0)
    return { status: 200, body: { value } };
  const body: Page = { value, nextLink: nextLink(call, pageSize, remaining, last.connectionId) };
  return { status: 200, body };
}

function nextLink(call: RestCall, pageSize: number, remaining: number | undefined, lastId: string): string {
  const link = new URL(call.url);
  link.search = '';
  link.searchParams.set('api-version', call.url.searchParams.get('api-version') ?? '2024-12-01');
  link.searchParams.set('maxpagesize', String(pageSize));
  link.searchParams.set('continuationToken', Buffer.from(lastId).toString('base64url'));
  if (remaining !== undefined) link.searchParams.set('top', String(remaining));
  return link.href;
}

/** @throws ApiError 400 */
function readToken(token: string | null): string | undefined {
  if (token === null) return undefined;
  const id = Buffer.from(token, 'base64url').toString();
  if (token !== '' && Buffer.from(id).toString('base64url') === token) return id;
  throw badRequest("'continuationToken' is not one that this service gave.", 'continuationToken');
}
