import { app, type HttpHandler } from '@azure/functions';
import type { Endpoint } from '../../../shared/protocol/api/endpoint.ts';
import { ENDPOINTS, type OperationId } from '../../../shared/protocol/api/endpoints.ts';
import { authLevelOf } from '../access/access.ts';
import type { LoadControlApp } from '../control-app.ts';
import { endpointFunction } from './endpoint-function.ts';
import type { Serve } from './serve.ts';
import * as calls from './serve-calls.ts';
import { getOpenApi } from './serve-description.ts';
import * as operations from './serve-operations.ts';
import * as timeline from './serve-timeline.ts';
import * as workers from './serve-workers.ts';

/** Operations about calls: all but the one that tells about the API itself. */
export type CallOperationId = Exclude<OperationId, 'getOpenApi'>;

/** What serves each operation; one without is an error of the compiler. */
export const SERVE: { readonly [Id in CallOperationId]: Serve<Id> } = {
  ...calls,
  ...operations,
  ...timeline,
  ...workers,
};

/** Registers a function for every operation of the table, under its name. */
export function registerEndpoints(load: LoadControlApp): void {
  for (const id of Object.keys(ENDPOINTS) as OperationId[]) {
    const endpoint: Endpoint = ENDPOINTS[id];
    app.http(id, {
      methods: [endpoint.method],
      authLevel: authLevelOf(endpoint),
      route: endpoint.path,
      handler: handlerOf(id, load),
    });
  }
}

/** The function of an operation. */
export function handlerOf(id: OperationId, load: LoadControlApp): HttpHandler {
  return id === 'getOpenApi' ? getOpenApi() : served(id, load);
}

function served<Id extends CallOperationId>(id: Id, load: LoadControlApp): HttpHandler {
  return endpointFunction(id, load, SERVE[id]);
}
