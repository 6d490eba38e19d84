/** The client's half of the opening handshake (RFC 6455, section 4.1), over HTTP or TLS. No extension is offered. */
import { createHash, randomBytes } from 'node:crypto';
import { type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import { HANDSHAKE_GUID, HandshakeError } from './handshake.ts';
import { WebSocketConnection } from './web-socket-connection.ts';

/** How long the server may take to answer, by default. */
const ANSWER_LIMIT_MS = 10_000;

interface OpenWebSocketOptions {
  /** The server must agree to it. Defaults to none, which the server must agree to as well. */
  readonly subprotocol?: string;
  /** Sent with the handshake, beside those of RFC 6455. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly clock: Pick<Clock, 'after'>;
  readonly maxMessageBytes: number;
  /** Milliseconds of real time that the handshake may take. Defaults to 10,000. */
  readonly answerLimitMs?: number;
  /** Gives up the handshake; no effect once the connection is open. */
  readonly signal?: AbortSignal;
}

/**
 * Opens a WebSocket at a `ws:` or `wss:` address.
 * @rejects HandshakeError when the server does not agree, Error when it cannot be reached, does not answer in time, or
 * the signal is aborted
 */
export function openWebSocket(
  address: string,
  {
    subprotocol,
    headers,
    clock,
    maxMessageBytes,
    answerLimitMs = ANSWER_LIMIT_MS,
    signal,
  }: OpenWebSocketOptions,
): Promise<WebSocketConnection> {
  const url = new URL(address);
  const isSecure = url.protocol === 'wss:';
  url.protocol = isSecure ? 'https:' : 'http:';
  const key = randomBytes(16).toString('base64');
  const { promise, resolve, reject } = Promise.withResolvers<WebSocketConnection>();
  const request = (isSecure ? requestSecure : requestPlain)(url, {
    agent: false,
    headers: {
      ...headers,
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Key': key,
      'Sec-WebSocket-Version': '13',
      ...(subprotocol === undefined ? {} : { 'Sec-WebSocket-Protocol': subprotocol }),
    },
  });
  const limit = setTimeout(
    () => request.destroy(new Error('the server did not answer the handshake in time')),
    answerLimitMs,
  );
  const giveUp = () => request.destroy(new Error('the handshake was given up'));
  signal?.addEventListener('abort', giveUp, { once: true });
  request.on('close', () => {
    clearTimeout(limit);
    signal?.removeEventListener('abort', giveUp);
  });
  request.on('error', reject);
  request.on('response', ({ statusCode }) => {
    request.destroy();
    reject(new HandshakeError(`the server refused the handshake with the status ${statusCode}`));
  });
  request.on('upgrade', (answer: IncomingMessage, connection: Duplex, head: Buffer) => {
    const breach = breachOf(answer, key, subprotocol);
    if (breach === undefined) {
      resolve(new WebSocketConnection(connection, { role: 'client', head, clock, maxMessageBytes }));
      return;
    }
    connection.destroy();
    reject(new HandshakeError(breach));
  });
  request.end();
  return promise;
}

/** What is wrong with the answer, if anything is. */
function breachOf(
  { headers }: IncomingMessage,
  key: string,
  subprotocol: string | undefined,
): string | undefined {
  const accept = createHash('sha1')
    .update(key + HANDSHAKE_GUID)
    .digest('base64');
  if (headers.upgrade?.toLowerCase() !== 'websocket') return 'the server upgrades to something else';
  if (headers['sec-websocket-accept'] !== accept) return 'the server has not read the key';
  if (headers['sec-websocket-extensions'] !== undefined) return 'the server wants an extension';
  return headers['sec-websocket-protocol'] === subprotocol
    ? undefined
    : 'the server wants another subprotocol';
}
