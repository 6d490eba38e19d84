import { app, type HttpHandler } from '@azure/functions';
import type { Endpoint } from '../../../shared/wire/api/endpoint.ts';
import { ENDPOINTS, type OperationId } from '../../../shared/wire/api/endpoints.ts';
import { WORKER_API } from '../../../shared/wire/names.ts';
import type { HostCheck } from '../access/access.ts';
import { authLevelOf, hostCheckOf } from '../access/host-check.ts';
import { endpointFunction, type ServeEndpoint, serveEndpoint } from '../api/endpoint-handler.ts';
import type { Serve } from '../api/serve.ts';
import * as calls from '../api/call-handlers.ts';
import { getOpenApi } from '../api/serve-description.ts';
import * as operations from '../api/operation-handlers.ts';
import * as timeline from '../api/timeline-handlers.ts';
import * as workers from '../api/worker-handlers.ts';
import { workerApi } from '../api/worker-api.ts';
import type { LoadControlApp } from '../app.ts';

/** Operations about calls: all but the one that tells about the API itself. */
export type CallOperationId = Exclude<OperationId, 'getOpenApi'>;

/** What serves each operation; one without is an error of the compiler. */
export const SERVE: { readonly [Id in CallOperationId]: Serve<Id> } = {
  ...calls,
  ...operations,
  ...timeline,
  ...workers,
};

/**
 * Registers a function for every operation of the table, under its name, and one for the operations that workers use with the token of their
 * call. `apiAuth` decides what the host asks of the callers of the former.
 */
export function registerEndpoints(load: LoadControlApp, apiAuth: 'function-key' | 'entra'): void {
  for (const id of Object.keys(ENDPOINTS) as OperationId[]) {
    const endpoint: Endpoint = ENDPOINTS[id];
    const hostCheck = hostCheckOf(endpoint, apiAuth);
    app.http(id, {
      methods: [endpoint.method],
      authLevel: authLevelOf(hostCheck),
      route: endpoint.path,
      handler: handlerOf(id, load, hostCheck),
    });
  }
  app.http('workerApi', {
    methods: ['GET', 'POST', 'PUT', 'DELETE'],
    authLevel: 'anonymous',
    route: `${WORKER_API}/{*path}`,
    handler: workerApiOf(load),
  });
}

/** The function of the operations that workers use. */
export function workerApiOf(load: LoadControlApp): HttpHandler {
  return workerApi((id) => serveOf(id, load));
}

/** The function of an operation, of whose caller the host has asked this. */
export function handlerOf(id: OperationId, load: LoadControlApp, hostCheck: HostCheck): HttpHandler {
  return endpointFunction(serveOf(id, load), hostCheck);
}

function serveOf(id: OperationId, load: LoadControlApp): ServeEndpoint {
  return id === 'getOpenApi' ? getOpenApi : served(id, load);
}

function served<Id extends CallOperationId>(id: Id, load: LoadControlApp): ServeEndpoint {
  return serveEndpoint(id, load, SERVE[id]);
}
