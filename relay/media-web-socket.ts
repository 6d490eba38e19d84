/** The WebSocket of ACS as the session sees it, with a watch on whether the other side is still there. */
import type { RawData, WebSocket } from 'ws';
import type { Clock } from './clock.ts';
import type { MediaSocket } from './media-socket.ts';

/** After so long without anything from the other side it is pinged; after twice as long it is given up. */
export const QUIET_LIMIT_MS = 30_000;
/** How long the other side has to answer a close. */
const CLOSE_ANSWER_MS = 2_000;

export interface MediaSocketListener {
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

export function openMediaSocket(webSocket: WebSocket, clock: Clock): ListeningMediaSocket {
  let lastSignMs = clock.elapsedMs();
  let isClosing = false;
  let cancelCut = (): void => {};
  let cancelWatch = (): void => {};

  const close = (code: number, reason: string): void => {
    if (isClosing) return;
    isClosing = true;
    webSocket.close(code, reason);
    cancelCut = clock.after(CLOSE_ANSWER_MS, () => webSocket.terminate());
  };

  const watch = (listener: MediaSocketListener): void => {
    cancelWatch = clock.after(QUIET_LIMIT_MS, () => {
      const quietMs = clock.elapsedMs() - lastSignMs;
      if (quietMs >= 2 * QUIET_LIMIT_MS) return listener.silent();
      if (quietMs >= QUIET_LIMIT_MS) webSocket.ping();
      watch(listener);
    });
  };

  return {
    close,
    bufferedBytes: () => webSocket.bufferedAmount,
    send(text) {
      if (webSocket.readyState === webSocket.OPEN) webSocket.send(text);
    },
    listen(listener) {
      const alive = (): void => {
        lastSignMs = clock.elapsedMs();
      };
      webSocket.on('pong', alive);
      webSocket.on('ping', alive);
      webSocket.on('message', (data, isBinary) => {
        alive();
        listener.message(toBuffer(data), isBinary);
      });
      // Violations of the protocol (such as a message that is too long) come here; `close` follows.
      webSocket.on('error', () => {});
      webSocket.on('close', (code) => {
        cancelWatch();
        cancelCut();
        listener.closed(code);
      });
      watch(listener);
    },
  };
}

function toBuffer(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
