import { GRANTED_GROUPS_MAX } from '../base/limits.ts';
import {
  ApiError,
  badParameter,
  badRequest,
  badValue,
  INVALID_GROUP,
  notExisted,
} from '../http/api-error.ts';
import type { HttpResult } from '../http/request.ts';
import { isGroupName } from '../hub/names.ts';
import type { GroupAction } from '../hub/permissions.ts';
import { idParameter, integerParameter, parameter, type RestCall } from './call.ts';

/** By their names in lower case: the service does not mind the case. */
const ACTIONS: ReadonlyMap<string, GroupAction> = new Map([
  ['joinleavegroup', 'joinLeaveGroup'],
  ['sendtogroup', 'sendToGroup'],
]);

interface Asked {
  readonly connectionId: string;
  readonly action: GroupAction;
  readonly group: string;
}

/**
 * Lets a connection do something with the group `targetName`.
 * @throws ApiError 404 for a connection that is not there, 400 for an unknown permission or a bad group name, 409 for
 *   too many groups
 */
export function grantPermission(call: RestCall): HttpResult {
  if (change(call, true) === 'noConnection')
    throw notExisted('Info', 'Connection', idParameter(call, 'connectionId'));
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
  const permission = parameter(call, 'permission');
  const action = ACTIONS.get(permission.toLowerCase());
  if (action === undefined) throw badValue(permission, 'permission');
  const connectionId = idParameter(call, 'connectionId');
  const group = call.query.first('targetName');
  if (group === undefined || !isGroupName(group)) throw badRequest(INVALID_GROUP);
  return { connectionId, action, group };
}

const DEFAULT_MINUTES = 60;
/** The service documents no upper bound; the parameter is an integer of 32 bits. */
const MAX_MINUTES = 2 ** 31 - 1;

/** Issues a client token, as `getClientAccessToken` asks for when the caller has an identity instead of a key. */
export async function generateClientToken(call: RestCall): Promise<HttpResult> {
  const { query } = call;
  const clientType = query.first('clientType') ?? 'Default';
  if (clientType.toLowerCase() === 'mqtt')
    throw new ApiError(501, 'NotSupported', 'Not supported by this emulator: MQTT clients.', 'clientType');
  if (clientType.toLowerCase() !== 'default') throw badValue(clientType, 'clientType');
  const groups = query.all('group');
  if (!groups.every(isGroupName)) throw badParameter(INVALID_GROUP, 'group');
  const userId = query.first('userId');
  const token = await call.options.tokens.issueClient({
    audience: `${call.url.origin}/client/hubs/${parameter(call, 'hub')}`,
    roles: query.all('role'),
    groups,
    minutesToExpire: integerParameter(call, 'minutesToExpire', 1, MAX_MINUTES) ?? DEFAULT_MINUTES,
    ...(userId === undefined ? {} : { userId }),
  });
  return { status: 200, body: { token } };
}
