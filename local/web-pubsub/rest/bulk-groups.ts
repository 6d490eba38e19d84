import { ApiError } from '../http/api-error.ts';
import { isGroupName } from '../hub/names.ts';
import { type RestCall, type RestResult, refuseFilter } from './call.ts';
import { readBody } from './message-body.ts';

/** Adds every connection of the hub to groups, or removes it from them: `{"groups": [...], "filter": "..."}`. */
export async function changeGroupsOfAll(
  call: RestCall,
  type: 'addToGroups' | 'removeFromGroups',
): Promise<RestResult> {
  const text = (await readBody(call.request, call.options.limits.restBodyBytes)).toString('utf8');
  const { groups, filter } = parse(text);
  refuseFilter(filter);
  if (!Array.isArray(groups) || groups.length === 0 || !groups.every((group) => typeof group === 'string')) {
    throw new ApiError(400, 'BadRequest', "'groups' must be a list of at least one group name.", 'groups');
  }
  if (!groups.every(isGroupName)) {
    throw new ApiError(400, 'BadRequest', "'groups' has a name that breaks the naming rule.", 'groups');
  }
  call.runtime.apply({ type, target: { to: 'all' }, groups });
  return { status: 200 };
}

function parse(text: string): { readonly groups?: unknown; readonly filter?: unknown } {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null) return body;
  } catch {
    // Answered below, like JSON that is not an object.
  }
  throw new ApiError(400, 'BadRequest', 'The request body is not a JSON object.');
}
