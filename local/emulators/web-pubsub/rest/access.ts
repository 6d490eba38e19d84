import { GRANTED_GROUPS_MAX } from '../base/limits.ts';
import { ApiError, badRequest, notExisted } from '../http/api-error.ts';
import type { HttpResult } from '../http/request.ts';
import { isGroupName } from '../hub/names.ts';
import type { GroupAction } from '../hub/permissions.ts';
import { integerParameter, parameter, type RestCall } from './call.ts';

/** By their names in lower case: the service does not mind the case. */
const ACTIONS: ReadonlyMap<string, GroupAction> = new Map([
  ['joinleavegroup', 'joinLeaveGroup'],
  ['sendtogroup', 'sendToGroup'],
]);

interface Asked {
  readonly connectionId: string;
  readonly action: GroupAction;
  /** Undefined for every group. */
  readonly group: string | undefined;
}

/**
 * Lets a connection do something with the group `targetName`, or with every group.
 * @throws ApiError 404 for a connection that is not there, 400 for an unknown permission or a bad group name, 409 for
 *   too many groups
 */
export function grantPermission(call: RestCall): HttpResult {
  if (change(call, true) === 'noConnection')
    throw notExisted('Info', 'Connection', parameter(call, 'connectionId'));
  return { status: 200 };
}

/** Takes it away again. A connection that is not there has no permissions, so revoking one of them succeeds. */
export function revokePermission(call: RestCall): HttpResult {
  change(call, false);
  return { status: 204 };
}

/** 200 when the connection may. @throws ApiError 404, the same one, when it may not and when it is not there */
export function checkPermission(call: RestCall): HttpResult {
  const { connectionId, action, group } = read(call);
  if (!call.runtime.hub.allows(connectionId, action, group))
    throw notExisted('Info', 'Connection', connectionId);
  return { status: 200 };
}

function change(call: RestCall, allowed: boolean): 'done' | 'noConnection' {
  const { connectionId, action, group } = read(call);
  const changed = call.runtime.hub.changePermission(connectionId, action, group, allowed);
  if (changed !== 'tooMany') return changed;
  const rule = `At most ${GRANTED_GROUPS_MAX} single groups can be granted to or revoked from a connection.`;
  throw new ApiError(409, 'Error.Connection.Conflict', rule, 'Connection');
}

function read(call: RestCall): Asked {
  const action = ACTIONS.get(parameter(call, 'permission').toLowerCase());
  if (action === undefined) {
    const rule = 'The permission must be joinLeaveGroup or sendToGroup.';
    throw badRequest(rule, 'permission');
  }
  const group = call.url.searchParams.get('targetName') ?? undefined;
  if (group !== undefined && !isGroupName(group))
    throw badRequest("'targetName' is not a valid group name.", 'targetName');
  return { connectionId: parameter(call, 'connectionId'), action, group };
}

const DEFAULT_MINUTES = 60;
/** A year; the service documents no upper bound. */
const MAX_MINUTES = 365 * 24 * 60;

/** Issues a client token, as `getClientAccessToken` asks for when the caller has an identity instead of a key. */
export async function generateClientToken(call: RestCall): Promise<HttpResult> {
  const { searchParams, origin } = call.url;
  const clientType = (searchParams.get('clientType') ?? 'Default').toLowerCase();
  if (clientType === 'mqtt')
    throw new ApiError(501, 'NotSupported', 'Not supported by this emulator: MQTT clients.', 'clientType');
  if (clientType !== 'default') throw badRequest("'clientType' must be Default or MQTT.", 'clientType');
  const groups = searchParams.getAll('group');
  if (!groups.every(isGroupName))
    throw badRequest("'group' has a name that breaks the naming rule.", 'group');
  const userId = searchParams.get('userId');
  const token = await call.options.tokens.issueClient({
    audience: `${origin}/client/hubs/${parameter(call, 'hub')}`,
    roles: searchParams.getAll('role'),
    groups,
    minutesToExpire: integerParameter(call, 'minutesToExpire', 1, MAX_MINUTES) ?? DEFAULT_MINUTES,
    ...(userId === null ? {} : { userId }),
  });
  return { status: 200, body: { token } };
}
