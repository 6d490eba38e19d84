/** Why the relay does not serve a request: an HTTP status, and a problem (RFC 9457) of one line as the body. */
import { STATUS_CODES } from 'node:http';

type RefusalStatus = 400 | 401 | 404 | 405 | 409 | 410 | 426 | 500 | 503;

export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: RefusalStatus;
  /** `detail` names the broken rule; never a ticket or a token. */
  constructor(status: RefusalStatus, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.status = status;
  }
}

/** Headers of the answer to a refused request. */
export function refusalHeaders(refusal: Refusal): Readonly<Record<string, string>> {
  return {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    ...(refusal.status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    ...(refusal.status === 503 ? { 'retry-after': '1' } : {}),
    ...(refusal.status === 405 ? { allow: 'GET' } : {}),
    ...(refusal.status === 426 ? { upgrade: 'websocket' } : {}),
  };
}

export function refusalBody({ status, message }: Refusal): string {
  return `${JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail: message })}\n`;
}

/** The whole answer, for a connection that asked for an upgrade and that the HTTP server has let go of. */
export function refusalResponse(refusal: Refusal): string {
  const body = refusalBody(refusal);
  const headers = {
    ...refusalHeaders(refusal),
    connection: 'close',
    'content-length': String(Buffer.byteLength(body)),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\n${lines.join('')}\r\n${body}`;
}
