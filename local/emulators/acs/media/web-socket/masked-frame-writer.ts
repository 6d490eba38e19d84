import { randomFillSync } from 'node:crypto';

/** The payload begins here, so that it can be masked four bytes at a time; the masking key lies before it, and before that the header ends. */
const PAYLOAD_AT = 16;
const MASK_WORD = PAYLOAD_AT / 4 - 1;

const FIRST_CAPACITY = 2 * 1024;

const FIN = 0x80;
const MASKED = 0x80;
const LENGTH_IN_2_BYTES = 126;
const LENGTH_IN_8_BYTES = 127;

/** Masking keys that were drawn in advance; drawing them one by one costs more than everything else of a frame. */
const masks = new Uint32Array(2 * 1024);
let nextMask = masks.length;

/** A random masking key (RFC 6455 section 5.3). */
function drawMask(): number {
  if (nextMask === masks.length) {
    randomFillSync(masks);
    nextMask = 0;
  }
  return masks[nextMask++] ?? 0;
}

/** Writes what a client sends to its server (RFC 6455 section 5) into a buffer that is used again. */
export class MaskedFrameWriter {
  #bytes = Buffer.alloc(0);
  #words = new Uint32Array(0);
  #view = this.#bytes;

  /** One frame, valid until the next one is written, unless `leave` is called before. `fin`: the message ends with it. */
  write(opcode: number, payload: Uint8Array, fin: boolean): Buffer {
    const { length } = payload;
    if (PAYLOAD_AT + length > this.#bytes.length) this.#makeRoom(PAYLOAD_AT + length);
    const start = this.#writeHeader((fin ? FIN : 0) | opcode, length);
    this.#bytes.set(payload, PAYLOAD_AT);
    this.#mask(length);
    // Frames of audio have but two lengths.
    if (this.#view.length !== PAYLOAD_AT + length - start) {
      this.#view = this.#bytes.subarray(start, PAYLOAD_AT + length);
    }
    return this.#view;
  }

  /** Leaves the latest frame to whoever holds it. */
  leave(): void {
    this.#bytes = Buffer.alloc(0);
    this.#words = new Uint32Array(0);
    this.#view = this.#bytes;
  }

  /** Answers where the frame begins. */
  #writeHeader(first: number, length: number): number {
    const bytes = this.#bytes;
    const lengthEnd = PAYLOAD_AT - 4;
    if (length < LENGTH_IN_2_BYTES) {
      bytes[lengthEnd - 2] = first;
      bytes[lengthEnd - 1] = MASKED | length;
      return lengthEnd - 2;
    }
    if (length < 2 ** 16) {
      bytes[lengthEnd - 4] = first;
      bytes[lengthEnd - 3] = MASKED | LENGTH_IN_2_BYTES;
      bytes.writeUInt16BE(length, lengthEnd - 2);
      return lengthEnd - 4;
    }
    bytes[lengthEnd - 10] = first;
    bytes[lengthEnd - 9] = MASKED | LENGTH_IN_8_BYTES;
    bytes.writeBigUInt64BE(BigInt(length), lengthEnd - 8);
    return lengthEnd - 10;
  }

  /** Up to three bytes behind the payload are masked, too; they are not sent. */
  #mask(length: number): void {
    const words = this.#words;
    const mask = drawMask();
    words[MASK_WORD] = mask;
    const end = Math.ceil((PAYLOAD_AT + length) / 4);
    for (let i = MASK_WORD + 1; i < end; i++) words[i] = (words[i] ?? 0) ^ mask;
  }

  #makeRoom(length: number): void {
    const capacity = Math.max(FIRST_CAPACITY, 4 * Math.ceil(length / 4));
    this.#words = new Uint32Array(capacity / 4);
    this.#bytes = Buffer.from(this.#words.buffer);
    this.#view = this.#bytes.subarray(0, 0);
  }
}
