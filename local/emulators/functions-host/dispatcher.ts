import type { IncomingMessage, ServerResponse } from 'node:http';
import { answer, answerAndClose } from '../common/answer.ts';
import { EventGridWebhook } from './event-grid/event-grid-webhook.ts';
import type { IndexedFunction } from './functions/function-index.ts';
import type { Invoker } from './functions/invoker.ts';
import type { KeyCheck } from './functions/keys.ts';
import { Admin } from './http/admin.ts';
import { HttpFunctions } from './http/http-functions.ts';
import { RouteTable } from './http/route-table.ts';
import { StreamProxy } from './http/stream-proxy.ts';
import type { TimerRunner } from './timer/timer-runner.ts';

export interface DispatcherOptions {
  readonly functions: readonly IndexedFunction[];
  readonly timers: ReadonlyMap<string, TimerRunner>;
  readonly invoker: Invoker;
  readonly keys: KeyCheck;
  readonly httpUri: string | undefined;
  readonly frontEndLimitMs: number;
  readonly bodyLimitBytes: number;
}

/** Longer request lines are refused, in bytes. */
const MAX_REQUEST_LINE = 8_192;

/** Gives each request to its part of the host: the host's own paths first, then functions, then the home page. */
export class Dispatcher {
  readonly #admin: Admin;
  readonly #eventGrid: EventGridWebhook;
  readonly #http: HttpFunctions;
  readonly #routes: RouteTable;
  readonly #streaming: StreamProxy | undefined;

  constructor(options: DispatcherOptions) {
    const { functions, invoker, keys, httpUri, bodyLimitBytes } = options;
    this.#admin = new Admin(options);
    this.#eventGrid = new EventGridWebhook(
      functions.filter((target) => target.kind === 'eventGrid'),
      invoker,
      keys,
    );
    this.#routes = new RouteTable(functions.filter((target) => target.kind === 'http'));
    this.#streaming =
      httpUri === undefined ? undefined : new StreamProxy({ invoker, httpUri, bodyLimitBytes });
    this.#http = new HttpFunctions({ ...options, streaming: this.#streaming });
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if ((request.url ?? '').length > MAX_REQUEST_LINE) return answerAndClose(response, 414);
    const url = requestUrl(request);
    if (url === undefined) return answerAndClose(response, 400);
    const path = url.pathname.toLowerCase();
    if (path === '/admin' || path.startsWith('/admin/')) return this.#admin.serve(request, response, url);
    if (path === '/runtime/webhooks/eventgrid') return this.#eventGrid.serve(request, response, url);
    const match = this.#routes.find(request.method ?? 'GET', url.pathname);
    if (match !== undefined) return this.#http.serve(request, response, url, match);
    if (path === '/') return home(response);
    answer(response, 404);
  }

  /** Drops the connections to the app's own server. */
  close(): void {
    this.#streaming?.close();
  }
}

/** The address that the client asked for; undefined for a request line or host that makes none. */
function requestUrl(request: IncomingMessage): URL | undefined {
  const target = request.url ?? '';
  const { host } = request.headers;
  if (!target.startsWith('/') || host === undefined) return undefined;
  return URL.parse(`http://${host}${target}`) ?? undefined;
}

function home(response: ServerResponse): void {
  if (process.env['AzureWebJobsDisableHomepage']?.toLowerCase() === 'true') {
    answer(response, 204);
    return;
  }
  response.setHeader('content-type', 'text/html; charset=utf-8');
  response.end(
    '<!doctype html><html lang="en"><title>Function app</title><h1>This function app is running.</h1></html>\n',
  );
}
