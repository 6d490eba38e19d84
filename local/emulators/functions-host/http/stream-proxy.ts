import { randomUUID } from 'node:crypto';
import {
  Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { answerAndClose } from '../../common/answer.ts';
import { CLIENT_KEEPS_MS } from '../../common/idle-connections.ts';
import type { RpcTypedData } from '../app/core-types.ts';
import type { HttpFunction } from '../functions/function-index.ts';
import type { InvocationInput, Invoker } from '../functions/invoker.ts';
import { decodeSegment, type RouteValues } from '../functions/route-template.ts';
import type { HangingRequest } from './hangs.ts';
import { headersOf, queryOf, singleHeader } from './rpc-http.ts';

const INVOCATION_HEADER = 'x-ms-invocation-id';

/** Headers that belong to one connection and are not passed on (RFC 9110, 7.6.1). */
const HOP_HEADERS = new Set(['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade']);

/** The app puts its answer on the socket before its invocation ends, so it is here after a turn of the event loop. */
const TURNS_TO_ANSWER = 10;
/** A request of which nothing is taken for so long after the function has answered is not read any more. */
const UNREAD_MS = 1_000;

export interface StreamProxyOptions {
  readonly invoker: Invoker;
  /** Where the app's own HTTP server listens, as it told with the capability `HttpUri`. */
  readonly httpUri: string;
  readonly bodyLimitBytes: number;
  /** Learns of each request that will have no answer, or no further one. */
  readonly onHang: (request: HangingRequest, reason: string) => void;
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
    const { bodyLimitBytes, httpUri, invoker, onHang } = this.#options;
    if (Number(request.headers['content-length'] ?? 0) > bodyLimitBytes) return answerAndClose(response, 500);
    const invocationId = randomUUID();
    const hang = (reason: string): void =>
      onHang({ functionName: target.name, invocationId, response }, reason);
    const input = {
      data: { http: {} },
      triggerMetadata: streamMetadata(request, url, values),
      traceparent: singleHeader(request, 'traceparent'),
      tracestate: singleHeader(request, 'tracestate'),
      invocationId,
    };
    const notAscii = request.rawHeaders.findIndex((text) => /[^\p{ASCII}]/u.test(text));
    if (notAscii >= 0) {
      invoker.invoke(target, input).catch(() => {});
      return hang(
        `the header ${request.rawHeaders[notAscii - 1]} is not ASCII, so the host cannot pass it on`,
      );
    }
    const upstream = httpRequest(httpUri, {
      agent: this.#agent,
      path: forwardedPath(url.pathname) + url.search,
      ...(request.method === undefined ? {} : { method: request.method }),
      headers: {
        ...passedOn(request),
        host: new URL(httpUri).host,
        [INVOCATION_HEADER]: invocationId,
        'x-forwarded-host': url.host,
        'x-forwarded-proto': url.protocol.slice(0, -1),
      },
    });
    const sent = pipeline(request, bodyLimiter(bodyLimitBytes), upstream);
    // Without an answer of the app it never settles: the client waits for as long as it likes.
    const forwarded = new Promise<void>((resolve, reject) => {
      upstream.on('error', reject);
      sent.catch((error: unknown) => {
        reject(error);
        upstream.destroy();
      });
      response.once('close', () => {
        if (response.writableFinished) return resolve();
        reject(new Error('the client has gone'));
        upstream.destroy();
      });
    });
    let isAnswered = false;
    upstream.once('response', (incoming) => {
      // Node's own refusals, such as 431, are of no invocation: the real host sends nothing before one has ended.
      if (incoming.headers[INVOCATION_HEADER] !== invocationId) {
        hang(
          `the app's own server answered ${incoming.statusCode} before the function could see the request`,
        );
        return incoming.resume();
      }
      isAnswered = true;
      // The client in the real host sends the whole request before it reads an answer.
      return sent
        .then(() => {
          if (response.headersSent || response.destroyed) throw new Error('the client has been answered');
          response.writeHead(incoming.statusCode ?? 500, passedOn(incoming));
          response.flushHeaders();
          return pipeline(incoming, response);
        })
        .catch(() => {
          incoming.destroy();
          if (response.headersSent) response.destroy();
        });
    });
    forwarded.catch(() => {});
    const judge = async (failure?: { readonly error: unknown }): Promise<void> => {
      if (failure !== undefined) {
        const when = response.headersSent ? 'in the middle of its answer' : 'and nobody answers for it';
        return hang(`the function failed ${when}: ${String(failure.error)}`);
      }
      for (let turns = 0; turns < TURNS_TO_ANSWER && !isAnswered; turns += 1) await turn();
      if (!isAnswered) return hang('the function returned no response');
      if (await isLeftUnread(upstream, response))
        hang('the function has answered and left the rest of a long body unread');
    };
    const streamed = {
      forwarded,
      ended: (failure) => void judge(failure),
    } satisfies InvocationInput['streamed'];
    try {
      await invoker.invoke(target, { ...input, streamed });
    } catch {
      // The app has closed the connection without an answer.
      answerAndClose(response, 500);
    }
  }
}

/** Whether nothing is taken any more of a request whose answer waits for it; false once the answer begins. */
async function isLeftUnread(upstream: ClientRequest, response: ServerResponse): Promise<boolean> {
  let taken: number | undefined;
  while (!response.headersSent && !response.destroyed) {
    const { bytesWritten } = upstream.socket ?? {};
    if (upstream.writableNeedDrain && taken === bytesWritten) return true;
    taken = bytesWritten;
    await delay(UNREAD_MS, undefined, { ref: false });
  }
  return false;
}

/** The path as it is forwarded: decoded but for an encoded slash, and encoded again. So `%2F` becomes `%252F`. */
function forwardedPath(pathname: string): string {
  const encode = (segment: string): string =>
    encodeURIComponent(segment).replaceAll(/%(?:24|26|2B|2C|3A|3B|3D|40)/g, decodeURIComponent);
  return pathname
    .split('/')
    .map((segment) => encode(decodeSegment(segment)))
    .join('/');
}

function passedOn(message: IncomingMessage): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  for (const [name, values] of Object.entries(message.headersDistinct)) {
    if (values === undefined || HOP_HEADERS.has(name) || name === INVOCATION_HEADER) continue;
    headers[name] = values.length === 1 ? values[0] : values;
  }
  return headers;
}

/**
 * What the host sends along with a forwarded request; `@azure/functions` takes headers and route values from it. The
 * values of the query are among the route values. Names differ by more than case, and the spelling of the first stays.
 */
function streamMetadata(
  request: IncomingMessage,
  url: URL,
  values: RouteValues,
): Record<string, RpcTypedData> {
  const query = queryOf(url.searchParams);
  const data = new Map<string, [name: string, value: RpcTypedData]>();
  const set = (name: string, value: RpcTypedData): unknown =>
    data.set(name.toLowerCase(), [data.get(name.toLowerCase())?.[0] ?? name, value]);
  for (const [name, value] of Object.entries(query))
    if (name.toLowerCase() !== 'code') set(name, { string: value });
  for (const [name, value] of Object.entries(values)) set(name, { string: value });
  if (!data.has('query')) set('Query', { json: JSON.stringify(query) });
  if (!data.has('headers')) set('Headers', { json: JSON.stringify(headersOf(request)) });
  return Object.fromEntries(data.values());
}

function bodyLimiter(limitBytes: number): Transform {
  let length = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      length += chunk.length;
      if (length > limitBytes) done(new Error(`the body is longer than ${limitBytes} bytes`));
      else done(null, chunk);
    },
  });
}
