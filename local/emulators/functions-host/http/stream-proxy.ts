import { randomUUID } from 'node:crypto';
import {
  Agent,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { answerAndClose } from '../../common/answer.ts';
import { CLIENT_KEEPS_MS } from '../../common/idle-connections.ts';
import type { RpcTypedData } from '../app/core-types.ts';
import type { HttpFunction } from '../functions/function-index.ts';
import type { Invoker } from '../functions/invoker.ts';
import type { RouteValues } from '../functions/route-template.ts';
import { headersOf, queryOf, singleHeader } from './rpc-http.ts';

const INVOCATION_HEADER = 'x-ms-invocation-id';

/** Headers that belong to one connection and are not passed on (RFC 9110, 7.6.1). */
const HOP_HEADERS = new Set(['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade']);

export interface StreamProxyOptions {
  readonly invoker: Invoker;
  /** Where the app's own HTTP server listens, as it told with the capability `HttpUri`. */
  readonly httpUri: string;
  readonly bodyLimitBytes: number;
}

/**
 * HTTP streaming (`app.setup({ enableHttpStream: true })`): the request is forwarded to a server that
 * `@azure/functions` runs inside the app, next to the invocation that belongs to it, and its response is passed on as
 * it comes.
 */
export class StreamProxy {
  readonly #options: StreamProxyOptions;
  readonly #agent = new Agent({ keepAlive: true, timeout: CLIENT_KEEPS_MS });

  constructor(options: StreamProxyOptions) {
    this.#options = options;
  }

  /** Drops the connections to the app's server. */
  close(): void {
    this.#agent.destroy();
  }

  async serve(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    target: HttpFunction,
    values: RouteValues,
  ): Promise<void> {
    const { bodyLimitBytes, httpUri, invoker } = this.#options;
    if (Number(request.headers['content-length'] ?? 0) > bodyLimitBytes) return answerAndClose(response, 413);
    const invocationId = randomUUID();
    const upstream = httpRequest(new URL(url.pathname + url.search, httpUri), {
      agent: this.#agent,
      ...(request.method === undefined ? {} : { method: request.method }),
      headers: {
        ...passedOn(request),
        host: new URL(httpUri).host,
        [INVOCATION_HEADER]: invocationId,
        'x-forwarded-host': url.host,
        'x-forwarded-proto': url.protocol.slice(0, -1),
      },
    });
    // The answer begins once: with what the app's server sends, or with what is decided here in its place.
    let hasBegun = false;
    const decide = (status: number): void => {
      if (hasBegun) return;
      hasBegun = true;
      upstream.destroy();
      answerAndClose(response, status);
    };
    upstream.once('response', (incoming) => {
      if (hasBegun || response.headersSent || response.destroyed) {
        incoming.destroy();
        return;
      }
      hasBegun = true;
      response.writeHead(incoming.statusCode ?? 500, passedOn(incoming));
      response.flushHeaders();
      pipeline(incoming, response).catch(() => response.destroy());
    });
    upstream.on('error', () => decide(500));
    response.once('close', () => {
      if (!response.writableEnded) upstream.destroy();
    });
    pipeline(request, bodyLimiter(bodyLimitBytes), upstream).catch((error: unknown) =>
      decide(error instanceof BodyTooLargeError ? 413 : 500),
    );
    try {
      const { result } = await invoker.invoke(target, {
        data: { http: {} },
        triggerMetadata: streamMetadata(request, url, values),
        traceparent: singleHeader(request, 'traceparent'),
        tracestate: singleHeader(request, 'tracestate'),
        invocationId,
      });
      // The app's server answers for a result only; nothing comes when there is none.
      if (result === undefined || result === null) decide(204);
    } catch {
      // An answer that had begun is cut off, so that the client cannot take it for a whole one.
      if (hasBegun) upstream.destroy();
      else decide(500);
    }
  }
}

function passedOn(message: IncomingMessage): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  for (const [name, values] of Object.entries(message.headersDistinct)) {
    if (values === undefined || HOP_HEADERS.has(name) || name === INVOCATION_HEADER) continue;
    headers[name] = values.length === 1 ? values[0] : values;
  }
  return headers;
}

/** What the host sends along with a forwarded request: `@azure/functions` takes headers and route values from it. */
function streamMetadata(
  request: IncomingMessage,
  url: URL,
  values: RouteValues,
): Record<string, RpcTypedData> {
  return {
    ...Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { string: value }])),
    Query: { json: JSON.stringify(queryOf(url.searchParams)) },
    Headers: { json: JSON.stringify(headersOf(request)) },
  };
}

/** The request's body is longer than allowed. */
class BodyTooLargeError extends Error {}

function bodyLimiter(limitBytes: number): Transform {
  let length = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      length += chunk.length;
      if (length > limitBytes) done(new BodyTooLargeError());
      else done(null, chunk);
    },
  });
}
