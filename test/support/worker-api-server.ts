import { createServer, type IncomingMessage } from 'node:http';
import { type HttpHandler, HttpRequest, type HttpResponseInit } from '@azure/functions';
import { handlerOf, unknownWorkerOperation } from '../../functions/control/triggers/register-endpoints.ts';
import {
  pathSegments,
  RouteTemplate,
} from '../../local/emulators/functions-host/functions/route-template.ts';
import { type Endpoint, parametersOf } from '../../shared/wire/api/endpoint.ts';
import { ENDPOINTS, type OperationId } from '../../shared/wire/api/endpoints.ts';
import { WORKER_API } from '../../shared/wire/names.ts';
import type { ControlFixture } from './control-fixture.ts';
import { closeAtOnce, listenOnLoopback } from './loopback.ts';

export interface WorkerApiServer {
  readonly url: string;
  fixture: ControlFixture | undefined;
  /** Statuses that were answered. */
  readonly answered: number[];
  /** So many answers are cut off when everything has been done. */
  loseAnswers: number;
  close(): Promise<void>;
}

/** The operations of a `ControlFixture` for those who have the token of a call, on a loopback address. */
export async function serveWorkerApi(): Promise<WorkerApiServer> {
  const http = createServer((request, response) => {
    void serve(request).then(
      ({ status, body }) => {
        api.answered.push(status);
        api.loseAnswers -= 1;
        if (api.loseAnswers >= 0) response.destroy();
        else response.writeHead(status, { 'content-type': contentTypeOf(status) }).end(body);
      },
      () => response.destroy(),
    );
  });
  const serve = async (request: IncomingMessage): Promise<{ status: number; body: string }> => {
    const { fixture } = api;
    if (fixture === undefined) return { status: 404, body: '' };
    const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)] as const);
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const text = Buffer.concat(parts).toString();
    const { method = 'GET' } = request;
    const url = `${api.url}${request.url}`;
    const { handler, params } = find(fixture, method, new URL(url).pathname);
    const answer = (await handler(
      new HttpRequest({
        method,
        url,
        params,
        headers: Object.fromEntries(headers),
        ...(text === '' ? {} : { body: { string: text } }),
      }),
      fixture.context(),
    )) as HttpResponseInit;
    const { status = 200, body, jsonBody } = answer;
    return { status, body: jsonBody === undefined ? String(body ?? '') : JSON.stringify(jsonBody) };
  };
  const port = await listenOnLoopback(http);
  const api: WorkerApiServer = {
    url: `http://127.0.0.1:${port}`,
    fixture: undefined,
    answered: [],
    loseAnswers: 0,
    close: () => closeAtOnce(http),
  };
  return api;
}

const ROUTES = Object.entries<Endpoint>(ENDPOINTS)
  .filter(([, { path }]) => parametersOf(path).includes('callId'))
  .map(([id, { method, path }]) => ({
    id: id as OperationId,
    method,
    route: new RouteTemplate(`api/${WORKER_API}/${path}`),
  }));

function find(
  fixture: ControlFixture,
  method: string,
  pathname: string,
): { readonly handler: HttpHandler; readonly params: Record<string, string> } {
  for (const { id, method: of, route } of ROUTES) {
    const params = of === method ? route.match(pathSegments(pathname)) : undefined;
    if (params !== undefined) return { handler: handlerOf(id, fixture.load, 'nothing'), params };
  }
  return { handler: unknownWorkerOperation, params: {} };
}

function contentTypeOf(status: number): string {
  return status < 400 ? 'application/json' : 'application/problem+json';
}
