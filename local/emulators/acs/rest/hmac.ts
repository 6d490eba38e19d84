import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** How far a request's `x-ms-date` may be from our clock. The service's own bound is about this. */
const MAX_SKEW_MS = 5 * 60_000;

const SCHEME = /^HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=([A-Za-z0-9+/=]+)$/;

export interface SignedRequest {
  readonly method: string;
  /** Path and query exactly as they came over the wire. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/**
 * Checks the access key signature of a request (Microsoft Learn, "Sign an HTTP request with an access key").
 * @returns undefined when it is good, else one sentence that says what is wrong
 */
export function hmacProblem(
  request: SignedRequest,
  accessKey: Uint8Array,
  nowMs: number,
): string | undefined {
  const { authorization, host } = request.headers;
  const date = single(request.headers['x-ms-date']);
  const claimedHash = single(request.headers['x-ms-content-sha256']);
  if (authorization === undefined) return 'The Authorization header is missing.';
  const claimed = SCHEME.exec(authorization)?.[1];
  if (/^Bearer /i.test(authorization))
    return 'Tokens of Microsoft Entra ID are not supported by this emulator: sign with the access key.';
  if (claimed === undefined)
    return 'The Authorization header is not an HMAC-SHA256 signature of x-ms-date;host;x-ms-content-sha256.';
  if (date === undefined || host === undefined || claimedHash === undefined)
    return 'One of the signed headers x-ms-date, host and x-ms-content-sha256 is missing.';
  const skewMs = Math.abs(Date.parse(date) - nowMs);
  if (!(skewMs <= MAX_SKEW_MS))
    return `The header x-ms-date is more than ${MAX_SKEW_MS / 60_000} minutes off.`;
  const hash = createHash('sha256').update(request.body).digest('base64');
  if (!equal(hash, claimedHash)) return 'The header x-ms-content-sha256 is not the hash of the body.';
  const stringToSign = `${request.method}\n${request.url}\n${date};${host};${hash}`;
  const expected = createHmac('sha256', accessKey).update(stringToSign).digest('base64');
  if (equal(expected, claimed)) return undefined;
  return 'HMAC-SHA256 validation failed. Another access key has signed, or method, path or query have changed since.';
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? undefined : value;
}

function equal(left: string, right: string): boolean {
  const a = Buffer.from(left);
  const b = Buffer.from(right);
  return a.length === b.length && timingSafeEqual(a, b);
}
