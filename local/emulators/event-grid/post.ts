import type { Clock } from '../common/clock.ts';
import type { AttemptResult } from './retry-policy.ts';

/** A handshake answer is short; anything longer is cut off here. */
const RESPONSE_BODY_LIMIT = 64 * 1024;

export interface WebhookRequest {
  readonly method: 'POST' | 'OPTIONS';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface WebhookResponse {
  readonly result: AttemptResult;
  readonly headers: Headers;
  readonly body: string;
}

export interface SendOptions {
  readonly clock: Clock;
  /** Ends the request when the sender closes. */
  readonly closed: AbortSignal;
  /** How long to wait for the whole response. */
  readonly limitMs: number;
}

/** Sends one request; never rejects: a missing answer is a result like any other. Redirects are not followed. */
export async function send(
  request: WebhookRequest,
  { clock, closed, limitMs }: SendOptions,
): Promise<WebhookResponse> {
  const limit = new AbortController();
  const cancel = clock.after(limitMs, () => limit.abort());
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: request.headers,
      redirect: 'manual',
      signal: AbortSignal.any([limit.signal, closed]),
      ...(request.body === undefined ? {} : { body: request.body }),
    });
    return { result: response.status, headers: response.headers, body: await readLimited(response) };
  } catch {
    const result = limit.signal.aborted ? 'timeout' : 'unreachable';
    return { result, headers: new Headers(), body: '' };
  } finally {
    cancel();
  }
}

async function readLimited(response: Response): Promise<string> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    chunks.push(chunk);
    length += chunk.byteLength;
    if (length > RESPONSE_BODY_LIMIT) break;
  }
  return Buffer.concat(chunks).subarray(0, RESPONSE_BODY_LIMIT).toString('utf8');
}
