import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { HttpRequest, type HttpResponseInit } from '@azure/functions';
import { handlerOf } from '../../functions/control/triggers/register-endpoints.ts';
import {
  pathSegments,
  RouteTemplate,
} from '../../local/emulators/functions-host/functions/route-template.ts';
import { ENDPOINTS, type OperationId } from '../../shared/wire/api/endpoints.ts';
import type { ControlBench } from './control-bench.ts';
import { closeAtOnce, listenOnLoopback } from './loopback.ts';

export interface ControlApiServer {
  readonly url: string;
  bench: ControlBench | undefined;
  readonly requests: {
    readonly method: string;
    readonly url: string;
    readonly headers: IncomingHttpHeaders;
  }[];
  /** So many answers are cut off when everything has been done. */
  loseAnswers: number;
  /** So many streams break after their first entry. */
  breakStreams: number;
  close(): Promise<void>;
}

/** The HTTP API of a `ControlBench` on a loopback address, without the host's keys. */
export async function serveControlApi(): Promise<ControlApiServer> {
  const http = createServer((request, response) => {
    serve(api, request, response).catch(() => response.destroy());
  });
  const port = await listenOnLoopback(http);
  const api: ControlApiServer = {
    url: `http://127.0.0.1:${port}`,
    bench: undefined,
    requests: [],
    loseAnswers: 0,
    breakStreams: 0,
    close: () => closeAtOnce(http),
  };
  return api;
}

async function serve(
  api: ControlApiServer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = '', url: path = '' } = request;
  api.requests.push({ method, url: path, headers: request.headers });
  const url = new URL(path, api.url);
  const found = find(method, url.pathname);
  if (found === undefined || api.bench === undefined) return void response.writeHead(404).end();
  const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)] as const);
  const text = await textOf(request);
  const answer = (await handlerOf(
    found.id,
    api.bench.load,
    'function-key',
  )(
    new HttpRequest({
      method,
      url: url.href,
      params: found.params,
      query: Object.fromEntries(url.searchParams),
      headers: Object.fromEntries(headers),
      ...(text === '' ? {} : { body: { string: text } }),
    }),
    api.bench.context(),
  )) as HttpResponseInit;
  await send(api, answer, response);
}

async function send(
  api: ControlApiServer,
  answer: HttpResponseInit,
  response: ServerResponse,
): Promise<void> {
  if (api.loseAnswers > 0) {
    api.loseAnswers -= 1;
    response.destroy();
    return;
  }
  response.writeHead(answer.status ?? 200, answer.headers as Record<string, string>);
  if (!(answer.body instanceof ReadableStream))
    return void response.end(
      answer.body ?? (answer.jsonBody === undefined ? undefined : JSON.stringify(answer.jsonBody)),
    );
  for await (const piece of answer.body as ReadableStream<Uint8Array>) {
    response.write(piece);
    if (api.breakStreams > 0 && Buffer.from(piece).includes('data:')) {
      api.breakStreams -= 1;
      await new Promise<void>((resolve) => response.write(': break\n', () => resolve()));
      response.destroy();
      return;
    }
  }
  response.end();
}

const ROUTES = new Map(
  (Object.keys(ENDPOINTS) as OperationId[]).map((id) => [
    id,
    { method: ENDPOINTS[id].method, route: new RouteTemplate(`api/${ENDPOINTS[id].path}`) },
  ]),
);

function find(
  method: string,
  pathname: string,
): { readonly id: OperationId; readonly params: Record<string, string> } | undefined {
  for (const [id, endpoint] of ROUTES) {
    const values = endpoint.method === method ? endpoint.route.match(pathSegments(pathname)) : undefined;
    if (values !== undefined) return { id, params: values };
  }
  return undefined;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}
