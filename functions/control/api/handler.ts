/** How an operation of the API is served. */
import { ReadableStream } from 'node:stream/web';
import type { HttpHandler, HttpRequest, HttpResponseInit } from '@azure/functions';
import { type Endpoint, isMutation, parametersOf } from '../../../shared/wire/api/endpoint.ts';
import type { AnswerOf, BodyOf, ParamsOf, QueryOf } from '../../../shared/wire/api/endpoint-types.ts';
import { ENDPOINTS, type OperationId } from '../../../shared/wire/api/endpoints.ts';
import { openApiDocument } from '../../../shared/wire/api/openapi.ts';
import type { Caller, HostCheck } from '../access/access.ts';
import { type ControlApp, type LoadControlApp, loadForRequest } from '../app.ts';
import { knowing } from '../call/stores.ts';
import { httpHandler, pathParameter, problemResponse, readText } from '../http/invocation.ts';
import type { Log } from '../use-cases/deps.ts';
import { conditional, tagged } from './entity-tag.ts';
import { idempotent } from './idempotent.ts';
import { readInput } from './request-input.ts';

/** Largest body of an operation, in bytes. */
const MAX_BODY_BYTES = 131_072;

/** A request that its caller may make, with every part checked. */
export interface HandlerRequest<Id extends OperationId> {
  readonly app: ControlApp;
  readonly caller: Caller;
  readonly params: ParamsOf<Id>;
  readonly query: QueryOf<Id>;
  readonly body: BodyOf<Id>;
  /** For its headers. */
  readonly request: HttpRequest;
  readonly log: Log;
}

type HandlerResult<Answer> =
  | { readonly content: Answer; readonly headers?: Readonly<Record<string, string>> }
  /** Server-sent events, as text. `whenGone` is called as soon as their reader has gone, even while it waits. */
  | { readonly events: AsyncGenerator<string>; readonly whenGone: () => void }
  /** Answers 204. */
  | { readonly nothing: true };

/** Serves one operation. Throws ProblemError, or an error that `problemOfError` knows. */
type Handler<Id extends OperationId> = (request: HandlerRequest<Id>) => Promise<HandlerResult<AnswerOf<Id>>>;

/** The handler of each operation, by its id. */
export type Handlers<Id extends OperationId = OperationId> = { readonly [Each in Id]: Handler<Each> };

/**
 * The function of one operation. It authorizes the caller, reads and checks the request, answers a repeated request
 * from the first answer, and calls the handler, in this order. A request that is refused on the way changes nothing.
 */
export function endpointHandler<Id extends OperationId>(
  id: Id,
  load: LoadControlApp,
  handler: Handler<Id>,
  hostCheck: HostCheck,
): HttpHandler {
  const endpoint: Endpoint = ENDPOINTS[id];
  const isAboutCall = parametersOf(endpoint.path).includes('callId');
  return httpHandler(async (request, log) => {
    const loaded = await loadForRequest(load, hostCheck, log);
    const { headers } = request;
    const callId = isAboutCall ? pathParameter(request, 'callId') : undefined;
    const mutates = isMutation(endpoint);
    let bodyText = '';
    const receive = async (): Promise<void> => {
      if (mutates) bodyText = await readText(request, { maxBytes: MAX_BODY_BYTES, requireJsonType: true });
    };
    const caller = await loaded.access.authorize(
      { headers, hostCheck, receive, ...(callId === undefined ? {} : { callId }) },
      endpoint,
    );
    const app = caller.worker === undefined ? loaded : withCall(loaded, caller.worker, mutates);
    const input = readInput(endpoint, request, bodyText);
    // The schemas of this endpoint made these parts, so their types are those of its operation.
    const checked = { app, caller, request, log, ...input } as unknown as HandlerRequest<Id>;
    const answer = async (): Promise<HttpResponseInit> =>
      respond(endpoint, request, await handler(checked), log);
    const key = headers.get('idempotency-key');
    if (!mutates || key === null) return await answer();
    return await idempotent(
      { method: endpoint.method, path: filledPath(endpoint.path, input.params), caller, bodyText, key },
      { keys: app.idempotency, now: app.deps.clock.now, log },
      () => answer().catch((error: unknown) => problemResponse(error, log)),
    );
  });
}

/** As an address has it that escapes no more than it must, from the root on. */
function filledPath(path: string, params: Readonly<Record<string, string>>): string {
  return `/api/${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '')}`;
}

/** A worker may be detached at any time, so a change asks again whether it is on the call. */
function withCall(
  app: ControlApp,
  { call, refusalIn }: NonNullable<Caller['worker']>,
  mutates: boolean,
): ControlApp {
  const store = knowing(app.deps.store, call, mutates ? refusalIn : undefined);
  return { ...app, deps: { ...app.deps, store } };
}

let document: ReturnType<typeof tagged> | undefined;

/**
 * Serves the OpenAPI document, which is made on the first request. It needs no settings, so a misconfigured app still
 * serves it.
 */
export const openApiHandler: HttpHandler = httpHandler(async (request) => {
  document ??= tagged(openApiDocument());
  return conditional(request, 200, document);
});

function respond(
  endpoint: Endpoint,
  request: HttpRequest,
  result: HandlerResult<unknown>,
  log: Log,
): HttpResponseInit {
  if ('nothing' in result) return { status: 204 };
  if ('events' in result) return eventStream(result, log);
  const { status } = endpoint.answer;
  if (!isMutation(endpoint)) return conditional(request, status, tagged(result.content));
  return { status, headers: { ...result.headers }, jsonBody: result.content };
}

/** `x-accel-buffering` asks proxies to pass on each event immediately. */
const EVENT_STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
};

type Events = Extract<HandlerResult<unknown>, { readonly events: unknown }>;

/**
 * Makes an event when its reader asks for one, and none ahead. After an error it ends: the host would leave the
 * connection of a body that fails open, and the reader could not tell.
 */
function eventStream({ events, whenGone }: Events, log: Log): HttpResponseInit {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await events.next().catch((error: unknown) => {
          // For its log alone.
          problemResponse(error, log);
          return { done: true, value: undefined } as const;
        });
        if (next.done) controller.close();
        else controller.enqueue(encoder.encode(next.value));
      },
      cancel() {
        whenGone();
        // Not awaited: if the generator waits for its next event, it returns only after that.
        void events.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
  return { status: 200, headers: EVENT_STREAM_HEADERS, body };
}
