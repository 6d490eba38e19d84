import { requireJson } from '../../common/json.ts';
import { GROUP_MEMBERS_PAGE_MAX } from '../base/limits.ts';
import { badParameter, badRequest, INVALID_GROUP } from '../http/api-error.ts';
import { bodyText, mediaTypeOf } from '../http/content.ts';
import { bodyOf, type HttpResult } from '../http/request.ts';
import type { GroupMember } from '../hub/hub.ts';
import { isGroupName } from '../hub/names.ts';
import { filterOf, groupParameter, integerParameter, type RestCall } from './call.ts';
import { INVALID_JSON, unsupportedMediaType } from './message-body.ts';

/**
 * Adds every connection that the filter chooses to groups, or removes it from them:
 * `{"groups": [...], "filter": "..."}`.
 * @throws ApiError 400, 415
 */
export async function changeGroupsOfAll(
  call: RestCall,
  type: 'addToGroups' | 'removeFromGroups',
): Promise<HttpResult> {
  const { 'content-type': contentType } = call.request.headers;
  if (mediaTypeOf(contentType) !== 'application/json')
    throw unsupportedMediaType(contentType, 'application/json');
  const text = bodyText(await bodyOf(call.request, call.options.limits.restBodyBytes), contentType);
  if (text === undefined) throw unsupportedMediaType(contentType, 'of a charset that is known');
  const { groups, filter } = parse(text);
  if (!Array.isArray(groups) || groups.length === 0) throw badParameter(INVALID_GROUP, 'Groups');
  if (!groups.every((group) => typeof group === 'string' && isGroupName(group)))
    throw badParameter(INVALID_GROUP, 'Groups');
  if (filter !== undefined && filter !== null && typeof filter !== 'string')
    throw badParameter('Invalid filter. It must be a string.', 'Filter');
  call.runtime.apply({ type, target: { to: 'all' }, groups, filter: filterOf(filter, 'Filter') });
  return { status: 200 };
}

function parse(text: string): { readonly groups?: unknown; readonly filter?: unknown } {
  const body = requireJson(text, () => badRequest(INVALID_JSON));
  if (typeof body === 'object' && body !== null) return body;
  throw badRequest('The request body is not a JSON object.');
}

interface Page {
  readonly value: readonly GroupMember[];
  readonly nextLink?: string;
}

/**
 * One page of a group's members, ordered by connection id. The continuation token names the last member of the page
 * before, so members that come and go between two pages are neither repeated nor make others be skipped.
 */
export function listGroupMembers(call: RestCall): HttpResult {
  const pageSize = integerParameter(call, 'maxpagesize', 1, GROUP_MEMBERS_PAGE_MAX) ?? GROUP_MEMBERS_PAGE_MAX;
  const top = integerParameter(call, 'top', 1, 2 ** 31 - 1);
  const after = readToken(call.query.first('continuationToken'));
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
  link.searchParams.set('api-version', call.query.first('api-version') ?? '2024-12-01');
  link.searchParams.set('maxpagesize', String(pageSize));
  link.searchParams.set('continuationToken', Buffer.from(lastId).toString('base64url'));
  if (remaining !== undefined) link.searchParams.set('top', String(remaining));
  return link.href;
}

/** @throws ApiError 400 */
function readToken(token: string | undefined): string | undefined {
  if (token === undefined) return undefined;
  const id = Buffer.from(token, 'base64url').toString();
  if (token !== '' && Buffer.from(id).toString('base64url') === token) return id;
  throw badParameter('Invalid continuationToken. This service did not give it.', 'continuationToken');
}
