/** A media stream as ACS opens it, on a bare socket: cheaper than a WebSocket library, so that the server is what is measured. */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { FrameReader, MediaFrame } from './media-frame.ts';

/** Longest message that is understood: a second of audio, with room. */
const BUFFER_BYTES = 256 * 1024;
/** Frames whose time of sending is remembered: 20 s. */
const REMEMBERED = 1_024;
const OPCODE_TEXT = 1;
const OPCODE_CLOSE = 8;

export interface StreamListener {
  /** A frame came back. `isNewest`: it is the last one of its message. */
  heard(latencyMs: number, isNewest: boolean): void;
}

export class AcsStream {
  readonly #socket: Socket;
  readonly #listener: StreamListener;
  readonly #frame: MediaFrame;
  readonly #reader = new FrameReader();
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  readonly #sentAtMs = new Float64Array(REMEMBERED);
  readonly #opened = Promise.withResolvers<void>();
  #filled = 0;
  #isOpen = false;
  #isClosing = false;
  #next = 0;
  /** Why the stream ended before its time. */
  failure: string | undefined;

  constructor(url: URL, index: number, listener: StreamListener) {
    this.#listener = listener;
    this.#frame = new MediaFrame(index);
    this.#socket = connect({
      host: url.hostname,
      port: Number(url.port),
      noDelay: true,
      onread: {
        buffer: () => this.#buffer.subarray(this.#filled),
        callback: (bytes) => {
          this.#filled += bytes;
          this.#read();
          return true;
        },
      },
    });
    this.#socket.on('connect', () => this.#socket.write(upgradeRequest(url, index)));
    this.#socket.on('error', ({ message }) => this.#fail(message));
    this.#socket.on('close', () => this.#fail('the server closed the connection'));
  }

  /** Resolves when the server has taken the stream. @rejects Error with the server's answer */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** Sends the next frame. False when the server has not taken the one before, so that this one is left out. */
  send(time: Buffer, nowMs: number): boolean {
    if (!this.#isOpen || this.#socket.writableLength > 0) return false;
    this.#frame.stamp(this.#next, time);
    this.#sentAtMs[this.#next % REMEMBERED] = nowMs;
    this.#next += 1;
    this.#socket.write(this.#frame.bytes);
    return true;
  }

  close(): void {
    this.#isClosing = true;
    this.#isOpen = false;
    this.#socket.destroy();
  }

  #fail(reason: string): void {
    this.#isOpen = false;
    if (!this.#isClosing) this.failure ??= reason;
    this.#opened.reject(new Error(reason));
  }

  #read(): void {
    let at = this.#isOpen ? 0 : this.#readUpgrade();
    while (at >= 0) {
      const end = this.#readFrame(at);
      if (end === undefined) break;
      at = end;
    }
    if (at <= 0) return;
    this.#buffer.copyWithin(0, at, this.#filled);
    this.#filled -= at;
  }

  /** The end of the answer, or -1 while it is not complete. */
  #readUpgrade(): number {
    const end = this.#buffer.subarray(0, this.#filled).indexOf('\r\n\r\n');
    if (end < 0) return -1;
    const status = this.#buffer.toString('latin1', 0, this.#buffer.indexOf('\r\n'));
    if (!status.startsWith('HTTP/1.1 101')) {
      this.#fail(`the server answered ${status}`);
      this.#socket.destroy();
      return -1;
    }
    this.#isOpen = true;
    this.#socket.write(
      textFrame(
        '{"kind":"AudioMetadata","audioMetadata":{"subscriptionId":"89e8cb59-b991-48b0-b154-1db84f16a077","encoding":"PCM","sampleRate":16000,"channels":1,"length":640}}',
      ),
    );
    this.#opened.resolve();
    return end + 4;
  }

  /** The end of the frame at `at`, or undefined while it is not complete. */
  #readFrame(at: number): number | undefined {
    const available = this.#filled - at;
    if (available < 2) return undefined;
    const short = (this.#buffer[at + 1] ?? 0) & 0x7f;
    const head = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (available < head) return undefined;
    const length =
      short === 126
        ? this.#buffer.readUInt16BE(at + 2)
        : short === 127
          ? Number(this.#buffer.readBigUInt64BE(at + 2))
          : short;
    const start = at + head;
    if (length > BUFFER_BYTES - head) {
      this.#fail(`a message has ${length} bytes`);
      this.#socket.destroy();
      return undefined;
    }
    if (this.#filled - start < length) return undefined;
    const opcode = (this.#buffer[at] ?? 0) & 0x0f;
    if (opcode === OPCODE_TEXT) this.#readMessage(start, start + length);
    if (opcode === OPCODE_CLOSE) this.#fail('the server closed the stream');
    return start + length;
  }

  #readMessage(from: number, to: number): void {
    const nowMs = performance.now();
    let newest: number | undefined;
    this.#reader.read(this.#buffer, from, to, (number) => {
      if (newest !== undefined) this.#listener.heard(this.#latency(newest, nowMs), false);
      newest = number;
    });
    if (newest !== undefined) this.#listener.heard(this.#latency(newest, nowMs), true);
  }

  #latency(number: number, nowMs: number): number {
    return nowMs - (this.#sentAtMs[number % REMEMBERED] ?? nowMs);
  }
}

function upgradeRequest({ host, pathname, search }: URL, index: number): string {
  return [
    `GET ${pathname}${search} HTTP/1.1`,
    `Host: ${host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Sec-WebSocket-Version: 13',
    `x-ms-call-connection-id: 421f0b00-aaaa-bbbb-cccc-${String(index).padStart(12, '0')}`,
    '\r\n',
  ].join('\r\n');
}

/** A short text message of a client, masked with zeros. */
function textFrame(text: string): Buffer {
  const head = text.length < 126 ? [0x80 | text.length] : [0x80 | 126, text.length >> 8, text.length & 0xff];
  return Buffer.concat([Buffer.from([0x81, ...head, 0, 0, 0, 0]), Buffer.from(text)]);
}
