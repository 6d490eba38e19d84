import type { IncomingMessage, ServerResponse } from 'node:http';
import { answer, answerAndClose } from '../common/answer.ts';
import { EventGridWebhook } from './event-grid/event-grid-webhook.ts';
import type { IndexedFunction } from './functions/function-index.ts';
import type { Invoker } from './functions/invoker.ts';
import type { KeyCheck } from './functions/keys.ts';
import { Admin } from './http/admin.ts';
import { HttpFunctions } from './http/http-functions.ts';
import { isRefused, refusalStatus, requestUrl } from './http/refusals.ts';
import { HttpRoutes } from './http/route-table.ts';
import { StreamProxy, type StreamProxyOptions } from './http/stream-proxy.ts';
import type { TimerRunner } from './timer/timer-runner.ts';

export interface DispatcherOptions {
  readonly functions: readonly IndexedFunction[];
  readonly timers: ReadonlyMap<string, TimerRunner>;
  readonly invoker: Invoker;
  readonly keys: KeyCheck;
  readonly httpUri: string | undefined;
  readonly frontEndLimitMs: number;
  readonly bodyLimitBytes: number;
  readonly onHang: StreamProxyOptions['onHang'];
}

/** The webhook of an extension, and how it may be asked. */
const WEBHOOK = /^\/runtime\/webhooks\/(?<extension>[^/]+)(?:\/|$)/;
const WEBHOOK_METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'DELETE', 'OPTIONS']);

/** Gives each request to its part of the host: the host's own paths first, then functions, then the home page. */
export class Dispatcher {
  readonly #admin: Admin;
  readonly #keys: KeyCheck;
  readonly #eventGrid: EventGridWebhook;
  readonly #http: HttpFunctions;
  readonly #routes: HttpRoutes;
  readonly #streaming: StreamProxy | undefined;

  constructor(options: DispatcherOptions) {
    const { functions, invoker, keys, httpUri } = options;
    this.#keys = keys;
    this.#admin = new Admin(options);
    this.#eventGrid = new EventGridWebhook(
      functions.filter((target) => target.kind === 'eventGrid'),
      invoker,
    );
    this.#routes = new HttpRoutes(functions.filter((target) => target.kind === 'http'));
    this.#streaming = httpUri === undefined ? undefined : new StreamProxy({ ...options, httpUri });
    this.#http = new HttpFunctions({ ...options, streaming: this.#streaming });
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = refusalStatus(request);
    if (refusal !== undefined) return answerAndClose(response, refusal);
    const url = requestUrl(request);
    if (url === undefined) return answerAndClose(response, 400);
    const path = url.pathname.toLowerCase();
    if (path === '/admin' || path.startsWith('/admin/')) return this.#admin.serve(request, response, url);
    const { extension } = WEBHOOK.exec(path)?.groups ?? {};
    if (extension !== undefined) return this.#webhook(request, response, url, extension);
    const match = this.#routes.find(request.method ?? 'GET', url.pathname);
    if (match !== undefined) return this.#http.serve(request, response, url, match);
    if (path === '/') return home(response);
    answer(response, 404);
  }

  async #webhook(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    extension: string,
  ): Promise<void> {
    if (!WEBHOOK_METHODS.has(request.method ?? '')) return answer(response, 404);
    if (isRefused(this.#keys, request, response, url, `${extension}_extension`)) return;
    if (extension === 'eventgrid') return this.#eventGrid.serve(request, response, url);
    answer(response, 404);
  }

  /** Drops the connections to the app's own server. */
  close(): void {
    this.#streaming?.close();
  }
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
