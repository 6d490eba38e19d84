import { randomFillSync } from 'node:crypto';
import WebSocket from 'ws';

/** How long the application may take to accept the WebSocket. Microsoft documents no figure. */
export const HANDSHAKE_TIMEOUT_MS = 5_000;

/** Longest message that is received at all, in bytes; a longer one ends the connection with 1009. */
const MAX_RECEIVED_BYTES = 4 * 1024 * 1024;

/** How long the application may take to answer a close frame before the connection is cut. */
const CLOSE_TIMEOUT_MS = 1_000;

/** The URL where it can be dialled: `ws:` or `wss:` without a fragment (RFC 6455 section 3). */
export function transportUrl(url: string): URL | undefined {
  const parsed = URL.parse(url);
  if (parsed === null || !['ws:', 'wss:'].includes(parsed.protocol)) return undefined;
  return url.includes('#') ? undefined : parsed;
}

/** Begins the handshake. Path and query are those of the URL; there is no subprotocol and no compression; `ws` sets TCP_NODELAY. */
export function dial(
  url: URL,
  headers: Readonly<Record<string, string>>,
  handshakeTimeoutMs: number,
): WebSocket {
  const options = {
    headers: { ...headers },
    handshakeTimeout: handshakeTimeoutMs,
    closeTimeout: CLOSE_TIMEOUT_MS,
    maxPayload: MAX_RECEIVED_BYTES,
    perMessageDeflate: false,
    generateMask,
  };
  return new WebSocket(url, options);
}

const masks = Buffer.alloc(8 * 1024);
let nextMask = masks.length;

/**
 * A random masking key (RFC 6455 section 5.3) that is never zero: with a key of zero `ws` sends the caller's bytes without
 * copying them, and frames of audio are written into buffers that are used again.
 */
function generateMask(mask: Buffer): void {
  do {
    if (nextMask === masks.length) {
      randomFillSync(masks);
      nextMask = 0;
    }
    masks.copy(mask, 0, nextMask, nextMask + 4);
    nextMask += 4;
  } while (mask.readUInt32LE(0) === 0);
}

/** Why nobody accepted the WebSocket, without the path and query of the URL: they may hold a secret. */
export function refusalDetail(url: URL, error: Error): string {
  // When a name has several addresses the error of all of them together has no message of its own.
  const reason = error.message || (error as NodeJS.ErrnoException).code || error.name;
  return `${url.host} did not accept the WebSocket: ${reason}`;
}
