import { openWebSocket } from '../../../../shared/web-socket/open-web-socket.ts';
import type { WebSocketConnection } from '../../../../shared/web-socket/web-socket-connection.ts';
import { systemClock } from '../../common/clock.ts';
import type { MediaFailure } from './port.ts';

/** How long the application may take to accept the WebSocket. Microsoft documents no figure. */
export const HANDSHAKE_TIMEOUT_MS = 5_000;

/** Longest message that is received at all; a longer one ends the connection with 1009. */
const MAX_RECEIVED_BYTES = 4 * 1024 * 1024;

interface DialRequest {
  /** The application's `transportUrl`, dialled as it is. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Calls `listen` of the connection at once. */
  readonly opened: (socket: WebSocketConnection) => void;
  readonly failed: (failure: MediaFailure, detail: string) => void;
}

/**
 * Dials the application; nothing is called before this returns.
 * @returns gives up, unless the handshake is over; idempotent
 */
export function dial({ url: text, headers, timeoutMs, opened, failed }: DialRequest): () => void {
  const url = transportUrl(text);
  if (url === undefined) {
    setImmediate(() => failed('invalidUrl', 'the transport URL is not a ws: or wss: URL'));
    return () => {};
  }
  const abandoned = new AbortController();
  const { signal } = abandoned;
  // The application answers in real time, whatever clock its calls go by.
  const limits = { clock: systemClock, maxMessageBytes: MAX_RECEIVED_BYTES, answerLimitMs: timeoutMs };
  openWebSocket(url.href, { headers, signal, ...limits }).then(opened, (error: Error) =>
    failed('notAccepted', refusalDetail(url, error)),
  );
  return () => abandoned.abort();
}

/** The URL if it can be dialled: `ws:` or `wss:` without a fragment (RFC 6455 section 3). */
function transportUrl(url: string): URL | undefined {
  const parsed = URL.parse(url);
  if (parsed === null || !['ws:', 'wss:'].includes(parsed.protocol)) return undefined;
  return url.includes('#') ? undefined : parsed;
}

/** Why nobody accepted the WebSocket, without the path and query of the URL: they may hold a secret. */
function refusalDetail(url: URL, error: Error): string {
  // When a name has several addresses the error of all of them together has no message of its own.
  const reason = error.message || (error as NodeJS.ErrnoException).code || error.name;
  return `${url.host} did not accept the WebSocket: ${reason}`;
}
