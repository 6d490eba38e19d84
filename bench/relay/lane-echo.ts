/**
 * Takes the place of Web PubSub and a worker when the relay alone is measured: takes lanes over the same WebSockets and
 * the same protobuf, acknowledges each event, and answers audio with itself, in one write. No sessions, groups,
 * webhooks or tokens: it costs the core of the load a tenth of what the Web PubSub emulator does.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { adoptSocket } from '../../shared/web-socket/adopt-socket.ts';
import { ack, connected, PONG, readUpstream, serverData } from './lane-messages.ts';
import { readClientFrame, serverFrameHead } from './web-socket-server-frames.ts';

const SUBPROTOCOL = 'protobuf.reliable.webpubsub.azure.v1';
/** RFC 6455, section 1.3. */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const BINARY = 2;
const CLOSE = 8;
/** A second of audio, with room. */
const BUFFER_BYTES = 64 * 1024;

export interface LaneListener {
  /** Audio came on the lane of this call. Answers what is sent back: an RTP packet, or nothing. */
  audio(callId: string, packet: Buffer): Buffer | undefined;
  event(callId: string, text: string): void;
}

/** A lane that is open. */
export interface EchoLane {
  /** Sends an RTP packet that answers nothing. */
  send(packet: Buffer): void;
}

export interface LaneEcho {
  readonly url: string;
  readonly lanes: ReadonlyMap<string, EchoLane>;
}

export async function startLaneEcho(listener: LaneListener): Promise<LaneEcho> {
  const lanes = new Map<string, EchoLane>();
  const server = createServer((_, response) => response.writeHead(404).end());
  server.on('upgrade', (request, socket) => {
    const callId = userOf(request);
    lanes.set(callId, new Lane(request, socket as Socket, callId, listener));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, lanes };
}

class Lane implements EchoLane {
  readonly #socket: Duplex;
  readonly #callId: string;
  readonly #listener: LaneListener;
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #filled = 0;
  #sequenceId = 0;

  constructor(request: IncomingMessage, socket: Socket, callId: string, listener: LaneListener) {
    this.#socket = adoptSocket(socket, { push: (data) => this.#read(data) });
    this.#callId = callId;
    this.#listener = listener;
    this.#socket.on('error', () => {});
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}${ACCEPT_GUID}`)
      .digest('base64');
    this.#socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${SUBPROTOCOL}\r\n\r\n`,
    );
    this.#socket.write(framed(connected(`connection-of-${callId}`, callId)));
  }

  send(packet: Buffer): void {
    this.#write(this.#data(packet));
  }

  /** What comes is most often one whole message, and is read where it lies; the rest of one is kept. */
  #read(data: Buffer): void {
    let bytes = data;
    if (this.#filled > 0) {
      if (this.#filled + data.byteLength > BUFFER_BYTES) {
        this.#socket.destroy();
        return;
      }
      data.copy(this.#buffer, this.#filled);
      this.#filled += data.byteLength;
      bytes = this.#buffer.subarray(0, this.#filled);
    }
    let at = 0;
    for (let frame = readClientFrame(bytes, at, bytes.byteLength); frame !== undefined; ) {
      if (frame.opcode === CLOSE) this.#socket.end();
      if (frame.opcode === BINARY) this.#take(frame.payload);
      at = frame.end;
      frame = readClientFrame(bytes, at, bytes.byteLength);
    }
    const rest = bytes.byteLength - at;
    if (rest > BUFFER_BYTES) this.#socket.destroy();
    else if (rest > 0) bytes.copy(this.#buffer, 0, at);
    this.#filled = rest;
  }

  #take(message: Buffer): void {
    const upstream = readUpstream(message);
    switch (upstream.kind) {
      case 'other':
        return;
      case 'ping':
        this.#socket.write(framed(PONG));
        return;
      case 'event':
        this.#listener.event(this.#callId, upstream.text);
        this.#socket.write(framed(ack(upstream.ackId)));
        return;
      case 'audio': {
        const answer = this.#listener.audio(this.#callId, upstream.packet);
        const parts = answer === undefined ? [] : this.#data(answer);
        this.#write([...parts, framed(ack(upstream.ackId))]);
        return;
      }
    }
  }

  #data(packet: Buffer): Buffer[] {
    this.#sequenceId += 1;
    const { head, tail } = serverData(packet.byteLength, this.#sequenceId);
    const length = head.byteLength + packet.byteLength + tail.byteLength;
    return [serverFrameHead(BINARY, length), head, packet, tail];
  }

  /** In one write, from memory that is used again. */
  #write(parts: readonly Buffer[]): void {
    let at = 0;
    for (const part of parts) at += part.copy(outgoing, at);
    this.#socket.write(outgoing.subarray(0, at));
    if (this.#socket.writableLength > 0) outgoing = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  }
}

let outgoing = Buffer.allocUnsafeSlow(BUFFER_BYTES);

function framed(message: Buffer): Buffer {
  return Buffer.concat([serverFrameHead(BINARY, message.byteLength), message]);
}

/** The user of the token in the address, unchecked: the relay made it. */
function userOf(request: IncomingMessage): string {
  const token = new URL(request.url ?? '', 'http://localhost').searchParams.get('access_token') ?? '';
  const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString() || '{}');
  return String((claims as { sub?: unknown }).sub ?? '');
}
