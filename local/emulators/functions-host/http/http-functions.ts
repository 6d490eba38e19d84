import type { IncomingMessage, ServerResponse } from 'node:http';
import { answer, answerAndClose } from '../../common/answer.ts';
import { readBody } from '../../common/read-body.ts';
import type { RpcHttpData } from '../app/core-types.ts';
import type { HttpFunction } from '../functions/function-index.ts';
import type { InvocationOutcome, Invoker } from '../functions/invoker.ts';
import { type KeyCheck, keyOf } from '../functions/keys.ts';
import type { RouteMatch } from './route-table.ts';
import { sendRpcHttp, singleHeader, toRpcHttp } from './rpc-http.ts';
import type { StreamProxy } from './stream-proxy.ts';

export interface HttpFunctionsOptions {
  readonly invoker: Invoker;
  readonly keys: KeyCheck;
  readonly bodyLimitBytes: number;
  /** How long an HTTP function may take to answer; the front end of Azure gives up after 230 s. */
  readonly frontEndLimitMs: number;
  /** Present when the app has switched HTTP streaming on. */
  readonly streaming: StreamProxy | undefined;
}

/** Serves requests that a route has matched: keys, disabled functions, body, invocation, answer, in this order. */
export class HttpFunctions {
  readonly #options: HttpFunctionsOptions;

  constructor(options: HttpFunctionsOptions) {
    this.#options = options;
  }

  async serve(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    { target, values }: RouteMatch,
  ): Promise<void> {
    const { bodyLimitBytes, frontEndLimitMs, streaming, keys } = this.#options;
    const key = keyOf(request, url.searchParams);
    if (!this.#isAllowed(target, key)) return answer(response, 401);
    if (target.isDisabled && !keys.isMaster(key)) return answer(response, 404);
    // A gateway that gives up answers for the function, whose invocation goes on.
    const limit = setTimeout(() => answerAndClose(response, 504), frontEndLimitMs);
    response.once('close', () => clearTimeout(limit));
    if (streaming !== undefined) return streaming.serve(request, response, url, target, values);
    // The host reads a body of known length only: one in chunks does not arrive.
    const body = hasLength(request) ? await readBody(request, bodyLimitBytes) : Buffer.alloc(0);
    if (body === undefined) return answerAndClose(response, 500);
    let outcome: InvocationOutcome;
    try {
      outcome = await this.#options.invoker.invoke(target, {
        data: { http: toRpcHttp(request, url, values, body) },
        triggerMetadata: {},
        traceparent: singleHeader(request, 'traceparent'),
        tracestate: singleHeader(request, 'tracestate'),
      });
    } catch {
      // The invoker has logged it; a caller learns nothing of the reason.
      return answer(response, 500);
    }
    if (!response.headersSent && !response.destroyed) sendRpcHttp(response, httpResponse(outcome));
  }

  #isAllowed(target: HttpFunction, key: string | undefined): boolean {
    const { keys } = this.#options;
    switch (target.authLevel) {
      case 'anonymous':
        return true;
      case 'function':
        return keys.opensFunction(target.name, key);
      case 'admin':
        return keys.isMaster(key);
    }
  }
}

function hasLength({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined;
}

/** The response of a function is its return value, or its one HTTP output binding of another name. */
function httpResponse({ response }: InvocationOutcome): RpcHttpData | undefined {
  const output = response.outputData?.find(({ data }) => data.http !== undefined);
  return response.returnValue?.http ?? output?.data.http;
}
