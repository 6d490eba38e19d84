import { MESSAGE_TTL_MAX_SECONDS } from '../base/limits.ts';
import { type ApiError, notExisted } from '../http/api-error.ts';
import type { HttpResult } from '../http/response.ts';
import type { Target } from '../hub/commands.ts';
import { changeGroupsOfAll } from './bulk-groups.ts';
import {
  closeReason,
  excludedIds,
  filterOf,
  groupParameter,
  integerParameter,
  parameter,
  type RestCall,
} from './call.ts';
import { generateClientToken } from './client-token.ts';
import { listGroupMembers } from './group-members.ts';
import { readMessage } from './message-body.ts';
import { PathPattern } from './path-pattern.ts';
import { checkPermission, grantPermission, revokePermission } from './permissions.ts';

/** One operation of the data plane, api-version 2024-12-01. */
export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: PathPattern;
  run(call: RestCall): HttpResult | Promise<HttpResult>;
}

type TargetOf = (call: RestCall) => Target;

const all: TargetOf = () => ({ to: 'all' });
const connection: TargetOf = (call) => ({ to: 'connection', connectionId: parameter(call, 'connectionId') });
const group: TargetOf = (call) => ({ to: 'group', group: groupParameter(call) });
const user: TargetOf = (call) => ({ to: 'user', userId: parameter(call, 'userId') });

const OK: HttpResult = { status: 200 };
const ACCEPTED: HttpResult = { status: 202 };
const NO_CONTENT: HttpResult = { status: 204 };

const PERMISSION_PATH = '/api/hubs/{hub}/permissions/{permission}/connections/{connectionId}';

/**
 * The operations and their exact status codes: the SDK takes any other status for an error, even another 2xx.
 * A send or a close that reaches nobody succeeds all the same.
 */
export const OPERATIONS: readonly Operation[] = [
  operation('sendToAll', 'POST', '/api/hubs/{hub}/:send', send(all)),
  operation('sendToConnection', 'POST', '/api/hubs/{hub}/connections/{connectionId}/:send', send(connection)),
  operation('sendToGroup', 'POST', '/api/hubs/{hub}/groups/{group}/:send', send(group)),
  operation('sendToUser', 'POST', '/api/hubs/{hub}/users/{userId}/:send', send(user)),
  operation('closeAllConnections', 'POST', '/api/hubs/{hub}/:closeConnections', close(all)),
  operation('closeConnection', 'DELETE', '/api/hubs/{hub}/connections/{connectionId}', close(connection)),
  operation(
    'closeGroupConnections',
    'POST',
    '/api/hubs/{hub}/groups/{group}/:closeConnections',
    close(group),
  ),
  operation('closeUserConnections', 'POST', '/api/hubs/{hub}/users/{userId}/:closeConnections', close(user)),
  operation('connectionExists', 'HEAD', '/api/hubs/{hub}/connections/{connectionId}', exists(connection)),
  operation('groupExists', 'HEAD', '/api/hubs/{hub}/groups/{group}', exists(group)),
  operation('userExists', 'HEAD', '/api/hubs/{hub}/users/{userId}', exists(user)),
  operation(
    'addConnectionToGroup',
    'PUT',
    '/api/hubs/{hub}/groups/{group}/connections/{connectionId}',
    (call) => addToGroup(call, connection(call), 'notFound'),
  ),
  operation(
    'removeConnectionFromGroup',
    'DELETE',
    '/api/hubs/{hub}/groups/{group}/connections/{connectionId}',
    (call) => removeFromGroups(call, connection(call), [groupParameter(call)]),
  ),
  operation(
    'removeConnectionFromAllGroups',
    'DELETE',
    '/api/hubs/{hub}/connections/{connectionId}/groups',
    (call) => removeFromGroups(call, connection(call), 'every'),
  ),
  operation('addUserToGroup', 'PUT', '/api/hubs/{hub}/users/{userId}/groups/{group}', (call) =>
    addToGroup(call, user(call), call.options.onAddAbsentUser),
  ),
  operation('removeUserFromGroup', 'DELETE', '/api/hubs/{hub}/users/{userId}/groups/{group}', (call) =>
    removeFromGroups(call, user(call), [groupParameter(call)]),
  ),
  operation('removeUserFromAllGroups', 'DELETE', '/api/hubs/{hub}/users/{userId}/groups', (call) =>
    removeFromGroups(call, user(call), 'every'),
  ),
  operation('addConnectionsToGroups', 'POST', '/api/hubs/{hub}/:addToGroups', (call) =>
    changeGroupsOfAll(call, 'addToGroups'),
  ),
  operation('removeConnectionsFromGroups', 'POST', '/api/hubs/{hub}/:removeFromGroups', (call) =>
    changeGroupsOfAll(call, 'removeFromGroups'),
  ),
  operation('listConnectionsInGroup', 'GET', '/api/hubs/{hub}/groups/{group}/connections', listGroupMembers),
  operation('generateClientToken', 'POST', '/api/hubs/{hub}/:generateToken', generateClientToken),
  operation('grantPermission', 'PUT', PERMISSION_PATH, grantPermission),
  operation('revokePermission', 'DELETE', PERMISSION_PATH, revokePermission),
  operation('checkPermission', 'HEAD', PERMISSION_PATH, checkPermission),
];

function operation(id: string, method: string, path: string, run: Operation['run']): Operation {
  return { id, method, path: new PathPattern(path), run };
}

function send(targetOf: TargetOf): Operation['run'] {
  return async (call) => {
    const target = targetOf(call);
    const ttlSeconds = integerParameter(call, 'messageTtlSeconds', 0, MESSAGE_TTL_MAX_SECONDS);
    const filter = filterOf(call.url.searchParams.get('filter'));
    const message = await readMessage(call.request, call.options.limits.restBodyBytes);
    const data = ttlSeconds === undefined ? message : { ...message, ttlSeconds };
    call.runtime.apply({ type: 'send', target, data, excluded: excludedIds(call), filter });
    return ACCEPTED;
  };
}

function close(targetOf: TargetOf): Operation['run'] {
  return (call) => {
    const target = targetOf(call);
    call.runtime.apply({
      type: 'closeConnections',
      target,
      reason: closeReason(call),
      excluded: excludedIds(call),
    });
    return NO_CONTENT;
  };
}

function exists(targetOf: TargetOf): Operation['run'] {
  return (call) => {
    const target = targetOf(call);
    if (!call.runtime.hub.has(target)) throw absent('Warning', target);
    return OK;
  };
}

function absent(severity: 'Warning' | 'Error', target: Target): ApiError {
  switch (target.to) {
    case 'connection':
      return notExisted(severity, 'Connection', target.connectionId);
    case 'group':
      return notExisted(severity, 'Group', target.group);
    case 'user':
      return notExisted(severity, 'User', target.userId);
    case 'all':
      throw new Error('a hub is always there');
  }
}

function addToGroup(call: RestCall, target: Target, whenAbsent: 'notFound' | 'ok'): HttpResult {
  const name = groupParameter(call);
  if (!call.runtime.hub.has(target) && whenAbsent === 'notFound') {
    throw absent(target.to === 'connection' ? 'Error' : 'Warning', target);
  }
  call.runtime.apply({ type: 'addToGroups', target, groups: [name] });
  return OK;
}

function removeFromGroups(call: RestCall, target: Target, groups: readonly string[] | 'every'): HttpResult {
  call.runtime.apply({ type: 'removeFromGroups', target, groups });
  return NO_CONTENT;
}
