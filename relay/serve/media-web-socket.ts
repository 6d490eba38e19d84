/** The WebSocket of ACS as the session sees it, with a watch on whether the other side is still there. */

import type { Clock } from '../../shared/base/clock.ts';
import type { WebSocketConnection } from '../../shared/web-socket/web-socket-connection.ts';
import type { MediaSocket } from '../session/media-socket.ts';

/** After so long without anything from the other side it is pinged; after twice as long it is given up. */
export const QUIET_LIMIT_MS = 30_000;

export interface MediaSocketListener {
  /** `data` is valid until this returns. */
  message(data: Buffer, isBinary: boolean): void;
  /** Neither a message nor the answer to a ping came for too long. */
  silent(): void;
  /** Called once, last. */
  closed(code: number): void;
}

export interface ListeningMediaSocket extends MediaSocket {
  /** Hands over everything that comes from now on. Called once, at once: messages that nobody listens to are lost. */
  listen(listener: MediaSocketListener): void;
}

/** What is used of a WebSocket. */
type UsedWebSocket = Pick<WebSocketConnection, 'bufferedBytes' | 'send' | 'ping' | 'close' | 'listen'>;

export function openMediaSocket(webSocket: UsedWebSocket, clock: Clock): ListeningMediaSocket {
  let lastSignMs = clock.elapsedMs();
  let cancelWatch = (): void => {};

  const watch = (listener: MediaSocketListener): void => {
    cancelWatch = clock.after(QUIET_LIMIT_MS, () => {
      const quietMs = clock.elapsedMs() - lastSignMs;
      if (quietMs >= 2 * QUIET_LIMIT_MS) return listener.silent();
      if (quietMs >= QUIET_LIMIT_MS) webSocket.ping();
      watch(listener);
    });
  };

  return {
    close: (code, reason) => webSocket.close(code, reason),
    bufferedBytes: () => webSocket.bufferedBytes,
    send: (text) => webSocket.send(text),
    listen(listener) {
      const alive = (): void => {
        lastSignMs = clock.elapsedMs();
      };
      webSocket.listen({
        alive,
        message(data, isBinary) {
          alive();
          listener.message(data, isBinary);
        },
        closed(code) {
          cancelWatch();
          listener.closed(code);
        },
      });
      watch(listener);
    },
  };
}
