import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';

/** Times of messages under way that a client remembers; more than any window of the measurement. */
const REMEMBERED = 4_096;
const OPCODE_TEXT = 1;
const OPCODE_BINARY = 2;

/** The bytes of a client's message, masked with zeros so that it is written once and sent as it is. */
export function clientFrame(payload: Uint8Array, binary: boolean): Buffer {
  const length = payload.byteLength;
  if (length < 126 || length > 65_535)
    throw new Error('the measurement sends messages of 126 to 65,535 bytes');
  const head = Buffer.from([
    0x80 | (binary ? OPCODE_BINARY : OPCODE_TEXT),
    0x80 | 126,
    length >> 8,
    length & 0xff,
    0,
    0,
    0,
    0,
  ]);
  return Buffer.concat([head, payload]);
}

/**
 * A WebSocket client that costs as little as can be, so that one core loads another: it sends the same bytes again and
 * again, and of what it receives it reads the heads of frames only. The message that arrives is the one that the peer
 * sent first of those under way.
 */
export class LoadClient {
  readonly #socket: Socket;
  readonly #frame: Buffer;
  readonly #sentAtMs = new Float64Array(REMEMBERED);
  #sent = 0;
  #heard = 0;
  #head = Buffer.alloc(0);
  #bodyLeft = 0;
  /** A frame that is no message, such as `connected`, comes first. */
  #greetings: number;
  onMessage: (latencyMs: number) => void = () => {};
  peer: LoadClient | undefined;

  private constructor(socket: Socket, frame: Buffer, greetings: number) {
    this.#socket = socket;
    this.#frame = frame;
    this.#greetings = greetings;
  }

  /** @param greetings frames that the server sends before the first message; resolves after them */
  static async open(
    port: number,
    path: string,
    subprotocol: string,
    frame: Buffer,
    greetings: number,
  ): Promise<LoadClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const client = new LoadClient(socket, frame, greetings);
    const lines = [
      `GET ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
      ...(subprotocol === '' ? [] : [`Sec-WebSocket-Protocol: ${subprotocol}`]),
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    await new Promise<void>((resolve, reject) => {
      let answer = Buffer.alloc(0);
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('a connection of the load was closed')));
      const read = (chunk: Buffer): void => {
        answer = Buffer.concat([answer, chunk]);
        const end = answer.indexOf('\r\n\r\n');
        if (end === -1) return;
        if (!answer.toString('latin1').startsWith('HTTP/1.1 101')) {
          reject(new Error(`the upgrade was refused: ${answer.toString('latin1').split('\r\n', 1)[0]}`));
          return;
        }
        socket.off('data', read);
        socket.on('data', (data: Buffer) => client.#receive(data, resolve));
        client.#receive(answer.subarray(end + 4), resolve);
        if (greetings === 0) resolve();
      };
      socket.on('data', read);
    });
    return client;
  }

  send(): void {
    this.#sentAtMs[this.#sent % REMEMBERED] = performance.now();
    this.#sent += 1;
    this.#socket.write(this.#frame);
  }

  #receive(data: Buffer, greeted: () => void): void {
    let at = 0;
    while (at < data.length) {
      if (this.#bodyLeft > 0) {
        const taken = Math.min(this.#bodyLeft, data.length - at);
        at += taken;
        this.#bodyLeft -= taken;
        if (this.#bodyLeft === 0) this.#frameEnded(greeted);
        continue;
      }
      const rest =
        this.#head.length === 0 ? data.subarray(at) : Buffer.concat([this.#head, data.subarray(at)]);
      const short = (rest[1] ?? 0) & 0x7f;
      const headLength = short === 126 ? 4 : 2;
      if (rest.length < headLength) {
        this.#head = Buffer.from(rest);
        return;
      }
      at += headLength - this.#head.length;
      this.#head = Buffer.alloc(0);
      this.#bodyLeft = short === 126 ? rest.readUInt16BE(2) : short;
      if (this.#bodyLeft === 0) this.#frameEnded(greeted);
    }
  }

  #frameEnded(greeted: () => void): void {
    if (this.#greetings > 0) {
      this.#greetings -= 1;
      if (this.#greetings === 0) greeted();
      return;
    }
    const from = this.peer;
    if (from === undefined) return;
    const sentAtMs = from.#sentAtMs[from.#heard % REMEMBERED] ?? 0;
    from.#heard += 1;
    this.onMessage(performance.now() - sentAtMs);
  }
}
