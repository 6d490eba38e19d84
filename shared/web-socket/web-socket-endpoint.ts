/** The WebSockets of one server, from the handshake to the end. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import { handshakeResponse } from './handshake.ts';
import { WebSocketConnection } from './web-socket-connection.ts';

export class WebSocketEndpoint {
  readonly #options: { readonly clock: Clock; readonly maxMessageBytes: number };
  readonly #live = new Set<WebSocketConnection>();

  constructor(options: { readonly clock: Clock; readonly maxMessageBytes: number }) {
    this.#options = options;
  }

  /**
   * Opens the WebSocket that is asked for, on the connection of the request; from then on the connection belongs to it.
   * @throws HandshakeError when the request is no opening handshake; the connection is left as it is
   */
  accept(request: IncomingMessage, connection: Duplex, head: Buffer): WebSocketConnection {
    const response = handshakeResponse(request);
    const socket = new WebSocketConnection(connection, { ...this.#options, role: 'server', response, head });
    this.#live.add(socket);
    void socket.closed.then(() => this.#live.delete(socket));
    return socket;
  }

  /** Resolves when those that are open now are gone. */
  async allClosed(): Promise<void> {
    await Promise.all([...this.#live].map(({ closed }) => closed));
  }

  /** Cuts those that are left. Idempotent. */
  terminateAll(): void {
    for (const socket of this.#live) socket.terminate();
  }
}
