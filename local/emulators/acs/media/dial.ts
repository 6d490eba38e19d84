/** How long the application may take to accept the WebSocket. Microsoft documents no figure. */
export const HANDSHAKE_TIMEOUT_MS = 5_000;

/** The URL where it can be dialled: `ws:` or `wss:` without a fragment (RFC 6455 section 3). */
export function transportUrl(url: string): URL | undefined {
  const parsed = URL.parse(url);
  if (parsed === null || !['ws:', 'wss:'].includes(parsed.protocol)) return undefined;
  return url.includes('#') ? undefined : parsed;
}

/** Why nobody accepted the WebSocket, without the path and query of the URL: they may hold a secret. */
export function refusalDetail(url: URL, error: Error): string {
  // When a name has several addresses the error of all of them together has no message of its own.
  const reason = error.message || (error as NodeJS.ErrnoException).code || error.name;
  return `${url.host} did not accept the WebSocket: ${reason}`;
}
