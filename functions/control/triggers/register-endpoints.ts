import { app, type HttpHandler } from '@azure/functions';
import { type Endpoint, parametersOf } from '../../../shared/wire/api/endpoint.ts';
import { ENDPOINTS, type OperationId } from '../../../shared/wire/api/endpoints.ts';
import { WORKER_API } from '../../../shared/wire/names.ts';
import { authLevelOf, type HostCheck, hostCheckOf } from '../access/access.ts';
import { callHandlers } from '../api/call-handlers.ts';
import { endpointHandler, type Handlers, openApiHandler } from '../api/handler.ts';
import { healthHandlers } from '../api/health-handlers.ts';
import { operationHandlers } from '../api/operation-handlers.ts';
import { participantInPath } from '../api/participant-in-path.ts';
import { timelineHandlers } from '../api/timeline-handlers.ts';
import { workerHandlers } from '../api/worker-handlers.ts';
import type { LoadControlApp } from '../app.ts';
import { httpHandler } from '../http/invocation.ts';
import { ProblemError } from '../http/problems.ts';

/** Every operation but the one that describes the API itself. */
type CallOperationId = Exclude<OperationId, 'getOpenApi'>;

/** The compiler reports an operation without a handler. */
const HANDLERS: Handlers<CallOperationId> = {
  ...callHandlers,
  ...operationHandlers,
  ...timelineHandlers,
  ...workerHandlers,
  ...healthHandlers,
};

/**
 * Registers a function for every operation, under the operation's id, with the caller check that `apiAuth` demands.
 * Operations on one call have a second function, `worker-<id>`, at `worker/calls/{callId}/…`: the host lets everybody
 * in there, and the app demands the call's token.
 */
export function registerEndpoints(load: LoadControlApp, apiAuth: 'function-key' | 'entra'): void {
  for (const id of Object.keys(ENDPOINTS) as OperationId[]) {
    const endpoint: Endpoint = ENDPOINTS[id];
    const { method, path } = endpoint;
    const hostCheck = hostCheckOf(endpoint, apiAuth);
    app.http(id, {
      methods: [method],
      authLevel: authLevelOf(hostCheck),
      route: path,
      handler: handlerOf(id, load, hostCheck),
    });
    if (!parametersOf(path).includes('callId')) continue;
    app.http(`worker-${id}`, {
      methods: [method],
      authLevel: 'anonymous',
      route: `${WORKER_API}/${path}`,
      handler: handlerOf(id, load, 'nothing'),
    });
  }
  registerParticipantsInPaths(load, hostCheckOf(ENDPOINTS.removeParticipant, apiAuth));
  // The host tries functions in the order of their names, and this one is the last of the worker functions.
  app.http('workerApi', {
    methods: ['GET', 'POST', 'PUT', 'DELETE'],
    authLevel: 'anonymous',
    route: `${WORKER_API}/{*path}`,
    handler: unknownWorkerOperation,
  });
}

/** Paths that have a participant where there is no parameter, for callers of both kinds. */
function registerParticipantsInPaths(load: LoadControlApp, hostCheck: HostCheck): void {
  const path = 'calls/{callId}/participants/{participant}';
  for (const [name, method, route] of [
    ['participantInPath', 'DELETE', path],
    ['participantActionInPath', 'POST', `${path}/{action}`],
  ] as const) {
    const authLevel = authLevelOf(hostCheck);
    app.http(name, { methods: [method], authLevel, route, handler: participantInPath(load, hostCheck) });
    app.http(`worker-${name}`, {
      methods: [method],
      authLevel: 'anonymous',
      route: `${WORKER_API}/${route}`,
      handler: participantInPath(load, 'nothing'),
    });
  }
}

/** Answers every request that no operation on a call matches. */
export const unknownWorkerOperation: HttpHandler = httpHandler(async () => {
  throw new ProblemError('operation-not-found', 'No operation on a call has this method and path.');
});

/** The function of an operation. `hostCheck` is what the host demands of its callers. */
export function handlerOf(id: OperationId, load: LoadControlApp, hostCheck: HostCheck): HttpHandler {
  return id === 'getOpenApi' ? openApiHandler : callHandler(id, load, hostCheck);
}

function callHandler<Id extends CallOperationId>(
  id: Id,
  load: LoadControlApp,
  hostCheck: HostCheck,
): HttpHandler {
  return endpointHandler(id, load, HANDLERS[id], hostCheck);
}
