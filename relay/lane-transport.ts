/**
 * The official client of Web PubSub over a WebSocket of our own (`web-socket/`): everything that the client does stays as it is, but audio is neither
 * copied on its way to the socket nor on its way from there (`docs/decisions/0073-lanes-over-a-websocket-of-our-own.md`).
 */
import type { WebPubSubClient } from '@azure/web-pubsub-client';
import type { Clock } from './clock.ts';
import { CLOSE_CODE } from './web-socket/message-reader.ts';
import { openWebSocket } from './web-socket/open-web-socket.ts';
import type { WebSocketConnection } from './web-socket/web-socket-connection.ts';

/** Web PubSub takes no longer messages than 1 MB; what it sends has an envelope besides. */
const MAX_MESSAGE_BYTES = 2 * 1024 * 1024;
const CLOSE_NORMAL = 1000;

/** What the client makes of an address; its factory is not part of what it promises. */
const FACTORY = '_getWebSocketClientFactory';

/** Has the client use our WebSocket from its next connection on. False where it has no place for that, and goes on with its own. */
export function useOwnWebSocket(client: WebPubSubClient, clock: Clock): boolean {
  if (typeof Reflect.get(client, FACTORY) !== 'function') return false;
  const create = (address: string, subprotocol: string): LaneSocket =>
    new LaneSocket(address, subprotocol, clock);
  return Reflect.defineProperty(client, FACTORY, { value: () => ({ create }) });
}

/** What the client uses of a WebSocket: each event has one listener. */
class LaneSocket {
  #socket: WebSocketConnection | undefined;
  #isClosing = false;
  #onOpen = (): void => {};
  #onClose = (_code: number, _reason: string): void => {};
  #onError = (_error: unknown): void => {};
  #onMessage = (_data: Buffer): void => {};

  constructor(address: string, subprotocol: string, clock: Clock) {
    openWebSocket(address, { subprotocol, clock, maxMessageBytes: MAX_MESSAGE_BYTES }).then(
      (socket) => this.#opened(socket),
      (error: unknown) => {
        this.#onError(error);
        this.#onClose(CLOSE_CODE.abnormal, '');
      },
    );
  }

  onopen(run: () => void): void {
    this.#onOpen = run;
  }

  onclose(run: (code: number, reason: string) => void): void {
    this.#onClose = run;
  }

  onerror(run: (error: unknown) => void): void {
    this.#onError = run;
  }

  onmessage(run: (data: Buffer) => void): void {
    this.#onMessage = run;
  }

  isOpen(): boolean {
    return this.#socket?.isOpen === true && !this.#isClosing;
  }

  send(data: ArrayBuffer): Promise<void> {
    return (
      this.#socket?.sendBytes(new Uint8Array(data)) ?? Promise.reject(new Error('the WebSocket is not open'))
    );
  }

  close(code = CLOSE_NORMAL, reason = ''): void {
    this.#isClosing = true;
    this.#socket?.close(code, reason);
  }

  #opened(socket: WebSocketConnection): void {
    this.#socket = socket;
    socket.listen({
      message: (data) => this.#onMessage(data),
      alive: () => {},
      closed: (code, reason) => this.#onClose(code, reason),
    });
    if (this.#isClosing) socket.close(CLOSE_NORMAL, '');
    else this.#onOpen();
  }
}
