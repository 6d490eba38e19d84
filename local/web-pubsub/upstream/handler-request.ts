import type { Limits } from '../limits.ts';
import type { HandlerResponse } from './handler-reply.ts';

export interface HandlerRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer> | string;
}

/** Why no usable answer came; the message is a sentence that may reach a client. */
export class HandlerUnreachable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'HandlerUnreachable';
  }
}

/** 408 and every 5xx are tried again; 429 and other 4xx are final (Microsoft's emulator). */
function isTransient(status: number): boolean {
  return status === 408 || status >= 500;
}

/**
 * Posts one event, again after each of `limits.handlerRetryDelaysMs` while the network or the handler fails for the moment.
 * Every attempt is the same request, event id included. One deadline bounds all attempts and the reading of the answer.
 * Connections to the handler are kept alive and reused by the fetch of Node.
 * @param stop ends the request, whatever its state
 * @returns the last answer, whatever its status
 * @throws HandlerUnreachable
 */
export async function postToHandler(
  request: HandlerRequest,
  limits: Limits,
  stop: AbortSignal,
): Promise<HandlerResponse> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), limits.handlerTimeoutMs);
  const cancel = (): void => deadline.abort();
  stop.addEventListener('abort', cancel, { once: true });
  if (stop.aborted) cancel();
  try {
    for (let attempt = 0; ; attempt += 1) {
      const delayMs = limits.handlerRetryDelaysMs[attempt];
      try {
        const response = await attemptOnce(request, limits.handlerReplyBytes, deadline.signal);
        if (!isTransient(response.status) || delayMs === undefined) return response;
      } catch (error) {
        if (error instanceof HandlerUnreachable) throw error;
        if (deadline.signal.aborted) throw gaveUp(stop, limits);
        if (delayMs === undefined || isUnsendable(error)) {
          throw new HandlerUnreachable('The event handler could not be reached.', { cause: error });
        }
      }
      await pause(delayMs, deadline.signal);
      if (deadline.signal.aborted) throw gaveUp(stop, limits);
    }
  } finally {
    clearTimeout(timer);
    stop.removeEventListener('abort', cancel);
  }
}

async function attemptOnce(
  request: HandlerRequest,
  maxBytes: number,
  signal: AbortSignal,
): Promise<HandlerResponse> {
  const response = await fetch(request.url, {
    method: 'POST',
    // An answer that is not compressed has the size that its Content-Length says.
    headers: { 'accept-encoding': 'identity', ...request.headers },
    body: request.body,
    redirect: 'manual',
    signal,
  });
  const body = await boundedBody(response, maxBytes);
  return { status: response.status, headers: response.headers, body };
}

async function boundedBody(response: Response, maxBytes: number): Promise<Uint8Array> {
  const tooLong = (): HandlerUnreachable =>
    new HandlerUnreachable(`The event handler answered with more than ${maxBytes} bytes.`);
  const declared = response.headers.get('content-length');
  if (declared !== null) {
    if (Number(declared) > maxBytes) {
      await response.body?.cancel();
      throw tooLong();
    }
    return new Uint8Array(await response.arrayBuffer());
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    // Leaving the loop cancels the rest of the body.
    if (length > maxBytes) throw tooLong();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** fetch refuses a header value or an address with a TypeError that has no cause; the network's failures have one. */
function isUnsendable(error: unknown): boolean {
  return error instanceof TypeError && error.cause === undefined;
}

function gaveUp(stop: AbortSignal, limits: Limits): HandlerUnreachable {
  const why = stop.aborted
    ? 'The service is stopping.'
    : `The event handler did not answer within ${limits.handlerTimeoutMs} ms.`;
  return new HandlerUnreachable(why);
}

/** Resolves after the delay, or at once when the signal aborts. */
function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
