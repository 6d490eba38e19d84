import { ApiError } from '../http/api-error.ts';
import { isGroupName } from '../hub/names.ts';
import type { GroupAction } from '../hub/permissions.ts';
import { GRANTED_GROUPS_MAX } from '../limits.ts';
import { parameter, type RestCall, type RestResult } from './call.ts';

interface Asked {
  readonly connectionId: string;
  readonly action: GroupAction;
  /** Absent: every group. */
  readonly group: string | undefined;
}

/**
 * Lets a connection do something with the group `targetName`, or with every group.
 * @throws ApiError 404 for a connection that is not there, 400 for an unknown permission, a bad group name, or too many groups
 */
export function grantPermission(call: RestCall): RestResult {
  if (change(call, true) === 'noConnection')
    throw new ApiError(404, 'NotFound', 'The hub has no such connection.', 'connectionId');
  return { status: 200 };
}

/** Takes it away again. A connection that is not there has no permissions, so revoking one of them succeeds. */
export function revokePermission(call: RestCall): RestResult {
  change(call, false);
  return { status: 204 };
}

/** 200 when the connection may, 404 when it may not or is not there. */
export function checkPermission(call: RestCall): RestResult {
  const { connectionId, action, group } = read(call);
  return { status: call.runtime.hub.allows(connectionId, action, group) ? 200 : 404 };
}

function change(call: RestCall, allowed: boolean): 'done' | 'noConnection' {
  const { connectionId, action, group } = read(call);
  const changed = call.runtime.hub.changePermission(connectionId, action, group, allowed);
  if (changed !== 'tooMany') return changed;
  const rule = `At most ${GRANTED_GROUPS_MAX} single groups can be granted to or revoked from a connection.`;
  throw new ApiError(400, 'BadRequest', rule, 'targetName');
}

function read(call: RestCall): Asked {
  const action = parameter(call, 'permission');
  if (action !== 'joinLeaveGroup' && action !== 'sendToGroup') {
    const rule = 'The permission must be joinLeaveGroup or sendToGroup.';
    throw new ApiError(400, 'BadRequest', rule, 'permission');
  }
  const group = call.url.searchParams.get('targetName') || undefined;
  if (group !== undefined && !isGroupName(group))
    throw new ApiError(400, 'BadRequest', "'targetName' is not a valid group name.", 'targetName');
  return { connectionId: parameter(call, 'connectionId'), action, group };
}
