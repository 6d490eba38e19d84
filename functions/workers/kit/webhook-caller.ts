/** Whether a webhook call comes from our Web PubSub: abuse protection (CloudEvents webhooks) and `ce-signature`. */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** More signatures than a resource has keys, fewer than would cost time. */
const MAX_SIGNATURES = 8;

const SIGNATURE = /^sha256=([0-9a-f]{64})$/i;

/**
 * Access keys also sign the access tokens of clients, as HMAC-SHA256 of `header.payload`. A connection id has no dot,
 * so the signature of a token is never the signature of an event.
 */
const CONNECTION_ID = /^[\w-]{1,64}$/;

/**
 * The origin of the request to answer with in `WebHook-Allowed-Origin`, or undefined where none is ours.
 * @param requested the header `WebHook-Request-Origin`: host names, with or without a port
 * @param endpointHost the host name of our Web PubSub endpoint, without a port
 */
export function allowedOrigin(requested: string | null, endpointHost: string): string | undefined {
  const host = endpointHost.toLowerCase();
  return (requested ?? '')
    .split(',')
    .map((origin) => origin.trim())
    .find((origin) => origin.toLowerCase().replace(/:\d{1,5}$/, '') === host);
}

/**
 * Whether `ce-signature` (`sha256=<hex>[,sha256=<hex>]`, one for each key of the resource) holds the HMAC-SHA256 of the
 * connection id under one of the keys; a key is the UTF-8 text of the access key. Compared in constant time. False for
 * a text that is not a connection id, whatever its signature.
 */
export function isSigned(
  signatures: string | null,
  connectionId: string,
  accessKeys: readonly string[],
): boolean {
  if (!CONNECTION_ID.test(connectionId)) return false;
  const candidates = (signatures ?? '')
    .split(',', MAX_SIGNATURES)
    .map((signature) => SIGNATURE.exec(signature.trim())?.[1])
    .filter((hex) => hex !== undefined)
    .map((hex) => Buffer.from(hex, 'hex'));
  return accessKeys.some((key) => {
    const expected = createHmac('sha256', key).update(connectionId).digest();
    return candidates.some((candidate) => timingSafeEqual(candidate, expected));
  });
}
