import { ReadableStream } from 'node:stream/web';
import type { HttpHandler, HttpRequest, HttpResponseInit } from '@azure/functions';
import { acts, type Endpoint } from '../../../shared/wire/api/endpoint.ts';
import { ENDPOINTS, type OperationId } from '../../../shared/wire/api/endpoints.ts';
import type { HostCheck } from '../access/access.ts';
import type { LoadControlApp } from '../app.ts';
import { loadForUnauthenticated } from '../load-for-strangers.ts';
import { httpFunction, problemResponse } from '../http/invocation.ts';
import type { Log } from '../use-cases/deps.ts';
import { readBodyText } from '../http/body.ts';
import { conditional } from './entity-tag.ts';
import { idempotent } from './idempotent.ts';
import { readInput } from './request-input.ts';
import type { Serve, Served, ServeRequest } from './serve.ts';

/** What the host has made of a request's address, and asked of its caller. */
export interface Received {
  /** Parameters of the path. */
  readonly params: Readonly<Record<string, string>>;
  readonly hostCheck: HostCheck;
  readonly log: Log;
}

/** Answers a request for one operation. Throws what `http.ts` makes a problem of. */
export type ServeEndpoint = (request: HttpRequest, received: Received) => Promise<HttpResponseInit>;

/**
 * One operation of the API, in this order: may the caller do this, is the request right, was it made before, do it.
 * What is refused on the way changes nothing.
 */
export function serveEndpoint<Id extends OperationId>(
  id: Id,
  load: LoadControlApp,
  serve: Serve<Id>,
): ServeEndpoint {
  const endpoint: Endpoint = ENDPOINTS[id];
  return async (request, { params, hostCheck, log }) => {
    const app = await (hostCheck === 'nothing' ? loadForUnauthenticated(load, log) : load());
    const { callId } = params;
    const caller = await app.access.authorize(
      { headers: request.headers, hostCheck, ...(callId === undefined ? {} : { callId }) },
      endpoint,
    );
    const bodyText = acts(endpoint) ? await readBodyText(request) : '';
    const input = readInput(endpoint, { params, query: request.query }, bodyText);
    // The schemas of this endpoint, and of no other, have made these parts: what they are is what their types say.
    const checked = { app, caller, request, log, ...input } as unknown as ServeRequest<Id>;
    if (!acts(endpoint)) return respond(endpoint, request, await serve(checked));
    const answer = async (): Promise<HttpResponseInit> => {
      try {
        return respond(endpoint, request, await serve(checked));
      } catch (error) {
        return problemResponse(error, log);
      }
    };
    const tools = { keys: app.idempotency, now: app.deps.clock.now, log };
    return await idempotent({ request, caller, bodyText }, tools, answer);
  };
}

/** The same as a function whose address is that of the operation. */
export function endpointFunction(serve: ServeEndpoint, hostCheck: HostCheck): HttpHandler {
  return httpFunction((request, log) => serve(request, { params: request.params, hostCheck, log }));
}

function respond(endpoint: Endpoint, request: HttpRequest, served: Served<unknown>): HttpResponseInit {
  if ('nothing' in served) return { status: 204 };
  if ('events' in served) return eventStream(served.events);
  const { status } = endpoint.answer;
  if (!acts(endpoint)) return conditional(request, status, served.content);
  return { status, headers: { ...served.headers }, jsonBody: served.content };
}

/** Proxies are told to pass on each event as it comes. */
const EVENT_STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
};

function eventStream(events: AsyncIterable<string>): HttpResponseInit {
  const encoder = new TextEncoder();
  const bytes = async function* (): AsyncGenerator<Uint8Array> {
    for await (const event of events) yield encoder.encode(event);
  };
  return { status: 200, headers: EVENT_STREAM_HEADERS, body: ReadableStream.from(bytes()) };
}
