import { createHash, randomBytes } from 'node:crypto';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import net, { type Socket } from 'node:net';
import tls from 'node:tls';

/** Added to the key before it is hashed (RFC 6455 section 1.3). */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Bytes read at a time; about 18 frames of audio. */
const READ_BYTES = 16 * 1024;

export interface HandshakeListener {
  /** The connection is a WebSocket now. `head` is what followed the response at once. */
  upgraded(socket: Socket, head: Buffer): void;
  /** There is no connection, or not any more. */
  failed(error: Error): void;
  /** What comes after that; valid until the call returns. */
  bytes(piece: Buffer): void;
}

/**
 * The opening handshake of a client (RFC 6455 section 4.1), with neither extensions nor subprotocols.
 * ```
 *            101, all of it right
 *  waiting ───────────────────────▶ upgraded   `upgraded`, then `bytes`
 *     ├──── refused, wrong, too late ──▶ over  `failed`
 *     └──── abandon ───────────────────▶ over
 * ```
 */
export class Handshake {
  readonly #key = randomBytes(16).toString('base64');
  readonly #listener: HandshakeListener;
  readonly #request: ClientRequest;
  readonly #timer: NodeJS.Timeout;
  #state: 'waiting' | 'upgraded' | 'over' = 'waiting';

  /** `url` is `ws:` or `wss:`; path and query are used as they are. */
  constructor(
    url: URL,
    headers: Readonly<Record<string, string>>,
    timeoutMs: number,
    listener: HandshakeListener,
  ) {
    this.#listener = listener;
    const secure = url.protocol === 'wss:';
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
    this.#request = request({
      host,
      port,
      defaultPort: secure ? 443 : 80,
      path: `${url.pathname}${url.search}`,
      ...(url.username !== '' || url.password !== '' ? { auth: `${url.username}:${url.password}` } : {}),
      headers: {
        ...headers,
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': this.#key,
      },
      createConnection: () => this.#connect(host, port, secure),
    });
    this.#request.on('response', (response) => {
      this.#fail(new Error(`Unexpected server response: ${response.statusCode}`));
    });
    this.#request.on('upgrade', (response, socket, head) => this.#upgraded(response, socket as Socket, head));
    this.#request.on('error', (error) => this.#fail(error));
    this.#request.end();
    this.#timer = setTimeout(() => this.#fail(new Error('Opening handshake has timed out')), timeoutMs);
  }

  /** Ends a handshake that is not over; nothing is told. Idempotent. */
  abandon(): void {
    if (this.#state === 'waiting') this.#end();
  }

  /**
   * Bytes are read into one buffer of the connection, and not, as Node otherwise does, into a new one of 64 KB each time: with 50 messages a
   * second of each call that is most of what its collector would have to do. Such a socket emits no `data`; the HTTP client, which waits for
   * that, is given copies.
   */
  #connect(host: string, port: number, secure: boolean): Socket {
    const onread = {
      buffer: Buffer.allocUnsafeSlow(READ_BYTES),
      callback: (count: number, buffer: Uint8Array): boolean => {
        const piece = Buffer.from(buffer.buffer, buffer.byteOffset, count);
        if (this.#state === 'upgraded') this.#listener.bytes(piece);
        else socket.emit('data', Buffer.from(piece));
        return true;
      },
    };
    const servername = net.isIP(host) === 0 ? host : '';
    const socket = secure
      ? tls.connect({ host, port, servername, onread } as tls.ConnectionOptions)
      : net.connect({ host, port, onread });
    return socket;
  }

  #upgraded(response: IncomingMessage, socket: Socket, head: Buffer): void {
    // From here on the request hears nothing of the socket's errors.
    socket.on('error', () => {});
    if (this.#state !== 'waiting') {
      socket.destroy();
      return;
    }
    const wrong = this.#wrongIn(response);
    if (wrong !== undefined) {
      socket.destroy();
      this.#fail(new Error(wrong));
      return;
    }
    this.#state = 'upgraded';
    clearTimeout(this.#timer);
    socket.setNoDelay();
    this.#listener.upgraded(socket, head);
  }

  #wrongIn({ headers }: IncomingMessage): string | undefined {
    const accept = createHash('sha1').update(`${this.#key}${ACCEPT_GUID}`).digest('base64');
    if (headers.upgrade?.toLowerCase() !== 'websocket') return 'Invalid Upgrade header';
    if (headers['sec-websocket-accept'] !== accept) return 'Invalid Sec-WebSocket-Accept header';
    if (headers['sec-websocket-protocol'] !== undefined) {
      return 'Server sent a subprotocol but none was requested';
    }
    if (headers['sec-websocket-extensions'] !== undefined) {
      return 'Server sent a Sec-WebSocket-Extensions header but no extension was requested';
    }
    return undefined;
  }

  #fail(error: Error): void {
    if (this.#state !== 'waiting') return;
    this.#end();
    this.#listener.failed(error);
  }

  #end(): void {
    this.#state = 'over';
    clearTimeout(this.#timer);
    this.#request.destroy();
  }
}
