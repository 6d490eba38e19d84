/** The WebSockets of one server, from their handshakes to their ends. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../shared/base/clock.ts';
import { handshakeResponse } from '../../shared/web-socket/handshake.ts';
import { WebSocketConnection } from '../../shared/web-socket/web-socket-connection.ts';

export class WebSocketEndpoint {
  readonly #options: { readonly clock: Clock; readonly maxMessageBytes: number };
  readonly #live = new Set<WebSocketConnection>();

  constructor(options: { readonly clock: Clock; readonly maxMessageBytes: number }) {
    this.#options = options;
  }

  /**
   * Opens the WebSocket that the request asks for. It takes over the request's connection.
   * @throws HandshakeError when the request is not an opening handshake; the connection stays as it is
   */
  accept(request: IncomingMessage, connection: Duplex, head: Buffer): WebSocketConnection {
    const response = handshakeResponse(request);
    const socket = new WebSocketConnection(connection, { ...this.#options, role: 'server', response, head });
    this.#live.add(socket);
    void socket.closed.then(() => this.#live.delete(socket));
    return socket;
  }

  /** Resolves when every WebSocket that is open now is gone. */
  async allClosed(): Promise<void> {
    await Promise.all([...this.#live].map(({ closed }) => closed));
  }

  /** Cuts every WebSocket that is still open. Idempotent. */
  terminateAll(): void {
    for (const socket of this.#live) socket.terminate();
  }
}
