/** The server's half of the opening handshake (RFC 6455, section 4.2). It accepts no extension. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export const HANDSHAKE_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** Sixteen bytes in base64. */
const KEY_PATTERN = /^[+/0-9A-Za-z]{22}==$/;
const VERSION = '13';
const PROTOCOL_PATTERN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** The request is not an opening handshake that this server can accept. */
export class HandshakeError extends Error {
  override readonly name = 'HandshakeError';
}

/** Whether a request wants a WebSocket, and not another protocol or none. */
export function asksForWebSocket(headers: IncomingMessage['headers']): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

/**
 * The answer that accepts the connection, including the empty line. It accepts the first subprotocol that the client
 * offers.
 * @throws HandshakeError
 */
export function handshakeResponse({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>): string {
  if (method !== 'GET') throw new HandshakeError(`a WebSocket is opened with GET, not ${method}`);
  if (!asksForWebSocket(headers)) throw new HandshakeError('the header Upgrade must be websocket');
  const key = headers['sec-websocket-key'] ?? '';
  if (!KEY_PATTERN.test(key))
    throw new HandshakeError('the header Sec-WebSocket-Key must be 16 bytes in base64');
  if (headers['sec-websocket-version'] !== VERSION)
    throw new HandshakeError(`the header Sec-WebSocket-Version must be ${VERSION}`);
  const [protocol] = (headers['sec-websocket-protocol'] ?? '').split(',').map((text) => text.trim());
  const isOffered = protocol !== undefined && PROTOCOL_PATTERN.test(protocol);
  return [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${createHash('sha1')
      .update(key + HANDSHAKE_GUID)
      .digest('base64')}`,
    ...(isOffered ? [`Sec-WebSocket-Protocol: ${protocol}`] : []),
    '\r\n',
  ].join('\r\n');
}
