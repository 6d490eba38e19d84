import { badRequest } from '../http/api-error.ts';
import { bodyOf, type HttpResult, mediaTypeOf } from '../http/request.ts';
import { isGroupName } from '../hub/names.ts';
import { filterOf, type RestCall } from './call.ts';
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
