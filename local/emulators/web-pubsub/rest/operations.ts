import { MESSAGE_TTL_MAX_SECONDS } from '../base/limits.ts';
import { type ApiError, notExisted } from '../http/api-error.ts';
import type { HttpResult } from '../http/request.ts';
import type { Selection, Target } from '../hub/commands.ts';
import { checkPermission, generateClientToken, grantPermission, revokePermission } from './access.ts';
import {
  excludedIds,
  filterOf,
  groupParameter,
  idParameter,
  integerParameter,
  type RestCall,
} from './call.ts';
import { changeGroupsOfAll, listGroupMembers } from './groups.ts';
import { readMessage } from './message-body.ts';
import { PathPattern } from './path-pattern.ts';

/** One operation of the data plane, api-version 2024-12-01. */
interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: PathPattern;
  run(call: RestCall): HttpResult | Promise<HttpResult>;
}

type TargetOf = (call: RestCall) => Target;

const all: TargetOf = () => ({ to: 'all' });
const connection: TargetOf = (call) => ({
  to: 'connection',
  connectionId: idParameter(call, 'connectionId'),
});
const group: TargetOf = (call) => ({ to: 'group', group: groupParameter(call) });
const user: TargetOf = (call) => ({ to: 'user', userId: idParameter(call, 'userId') });

const OK: HttpResult = { status: 200 };
const ACCEPTED: HttpResult = { status: 202 };
const NO_CONTENT: HttpResult = { status: 204 };

/** Below the hub: `/api/hubs/{hub}`. */
const CONNECTION = '/connections/{connectionId}';
const GROUP = '/groups/{group}';
const USER = '/users/{userId}';
const PERMISSION = `/permissions/{permission}${CONNECTION}`;

/**
 * The operations and their exact status codes: the SDK takes any other status for an error, even another 2xx.
 * A send or a close that reaches nobody succeeds all the same.
 */
export const REST_OPERATIONS: readonly Operation[] = [
  operation('sendToAll', 'POST', '/:send', send(all, 'excluded', 'filter')),
  operation('sendToConnection', 'POST', `${CONNECTION}/:send`, send(connection)),
  operation('sendToGroup', 'POST', `${GROUP}/:send`, send(group, 'excluded', 'filter')),
  operation('sendToUser', 'POST', `${USER}/:send`, send(user, 'filter')),
  operation('closeAllConnections', 'POST', '/:closeConnections', close(all, 'excluded')),
  operation('closeConnection', 'DELETE', CONNECTION, close(connection)),
  operation('closeGroupConnections', 'POST', `${GROUP}/:closeConnections`, close(group, 'excluded')),
  operation('closeUserConnections', 'POST', `${USER}/:closeConnections`, close(user, 'excluded')),
  operation('connectionExists', 'HEAD', CONNECTION, exists(connection)),
  operation('groupExists', 'HEAD', GROUP, exists(group)),
  operation('userExists', 'HEAD', USER, exists(user)),
  operation('addConnectionToGroup', 'PUT', `${GROUP}${CONNECTION}`, addToGroup(connection)),
  operation(
    'removeConnectionFromGroup',
    'DELETE',
    `${GROUP}${CONNECTION}`,
    removeFromGroups(connection, 'one'),
  ),
  operation(
    'removeConnectionFromAllGroups',
    'DELETE',
    `${CONNECTION}/groups`,
    removeFromGroups(connection, 'every'),
  ),
  operation('addUserToGroup', 'PUT', `${USER}${GROUP}`, addToGroup(user)),
  operation('removeUserFromGroup', 'DELETE', `${USER}${GROUP}`, removeFromGroups(user, 'one')),
  operation('removeUserFromAllGroups', 'DELETE', `${USER}/groups`, removeFromGroups(user, 'every')),
  operation('addConnectionsToGroups', 'POST', '/:addToGroups', (call) =>
    changeGroupsOfAll(call, 'addToGroups'),
  ),
  operation('removeConnectionsFromGroups', 'POST', '/:removeFromGroups', (call) =>
    changeGroupsOfAll(call, 'removeFromGroups'),
  ),
  operation('listConnectionsInGroup', 'GET', `${GROUP}/connections`, listGroupMembers),
  operation('generateClientToken', 'POST', '/:generateToken', generateClientToken),
  operation('grantPermission', 'PUT', PERMISSION, grantPermission),
  operation('revokePermission', 'DELETE', PERMISSION, revokePermission),
  operation('checkPermission', 'HEAD', PERMISSION, checkPermission),
];

function operation(id: string, method: string, path: string, run: Operation['run']): Operation {
  return { id, method, path: new PathPattern(`/api/hubs/{hub}${path}`), run };
}

/** What of a request narrows the target. A parameter that the operation does not have is ignored. */
type Narrowing = 'excluded' | 'filter';

function selectionOf(call: RestCall, targetOf: TargetOf, narrowing: readonly Narrowing[]): Selection {
  const target = targetOf(call);
  return {
    target,
    ...(narrowing.includes('excluded') ? { excluded: excludedIds(call) } : {}),
    ...(narrowing.includes('filter') ? { filter: filterOf(call.query.first('filter'), 'filter') } : {}),
  };
}

function send(targetOf: TargetOf, ...narrowing: readonly Narrowing[]): Operation['run'] {
  return async (call) => {
    const selection = selectionOf(call, targetOf, narrowing);
    const ttlSeconds = integerParameter(call, 'messageTtlSeconds', 0, MESSAGE_TTL_MAX_SECONDS);
    const message = await readMessage(call.request, call.options.limits.restBodyBytes);
    const data = ttlSeconds === undefined ? message : { ...message, ttlSeconds };
    call.runtime.apply({ type: 'send', ...selection, data });
    return ACCEPTED;
  };
}

function close(targetOf: TargetOf, ...narrowing: readonly Narrowing[]): Operation['run'] {
  return (call) => {
    const selection = selectionOf(call, targetOf, narrowing);
    const reason = call.query.first('reason') ?? '';
    call.runtime.apply({ type: 'closeConnections', ...selection, reason });
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

/** A user without connections may be answered 200, by an option. */
function addToGroup(targetOf: TargetOf): Operation['run'] {
  return (call) => {
    const target = targetOf(call);
    const groups = [groupParameter(call)];
    const isIgnored = target.to === 'user' && call.options.onAddAbsentUser === 'ok';
    if (!isIgnored && !call.runtime.hub.has(target))
      throw absent(target.to === 'connection' ? 'Error' : 'Warning', target);
    call.runtime.apply({ type: 'addToGroups', target, groups });
    return OK;
  };
}

function removeFromGroups(targetOf: TargetOf, which: 'one' | 'every'): Operation['run'] {
  return (call) => {
    const groups = which === 'every' ? which : [groupParameter(call)];
    call.runtime.apply({ type: 'removeFromGroups', target: targetOf(call), groups });
    return NO_CONTENT;
  };
}
