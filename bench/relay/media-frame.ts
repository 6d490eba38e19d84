/**
 * Frames of audio as ACS sends them, as bytes of a client's WebSocket frame that are made once: with each sending only
 * the number of the frame, its time and the mask of both are written again. Nothing here is taken from the product.
 */

export const FRAME_MS = 20;
/** 20 ms at 16 kHz. */
export const PCM_BYTES = 640;
const HEADER_BYTES = 8;
const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
const TIME_CHARS = 24;
/** Two marking bytes and the frame's number in four are 8 characters of base64. */
const STAMP_CHARS = 8;
const MARK = 0x5a7e;
const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', 'latin1');
const VALUES = new Uint8Array(256);
ALPHABET.forEach((code, value) => {
  VALUES[code] = value;
});

const PREFIX = '{"kind":"AudioData","audioData":{"timestamp":"';
const DATA = '","data":"';
const TIME_AT = PREFIX.length;
const DATA_AT = TIME_AT + TIME_CHARS + DATA.length;

export class MediaFrame {
  readonly bytes: Buffer<ArrayBuffer>;

  constructor(pcm: Buffer) {
    const time = new Date(0).toISOString();
    const text = `${PREFIX}${time}${DATA}${pcm.toString('base64')}","silent":false}}`;
    this.bytes = Buffer.alloc(HEADER_BYTES + text.length);
    this.bytes[0] = 0x81;
    this.bytes[1] = 0x80 | 126;
    this.bytes.writeUInt16BE(text.length, 2);
    MASK.copy(this.bytes, 4);
    for (let at = 0; at < text.length; at++) this.#put(at, text.charCodeAt(at));
  }

  /** `time`: 24 characters, as ISO 8601 has it with milliseconds. */
  stamp(number: number, time: Buffer): void {
    this.stampTime(time);
    const high = MARK * 0x100 + (number >>> 24);
    const low = number & 0xff_ffff;
    for (let at = 0; at < STAMP_CHARS / 2; at++) {
      const shift = 18 - 6 * at;
      this.#put(DATA_AT + at, ALPHABET[(high >>> shift) & 63] ?? 0);
      this.#put(DATA_AT + STAMP_CHARS / 2 + at, ALPHABET[(low >>> shift) & 63] ?? 0);
    }
  }

  /** Leaves the audio as it is: a number is as loud as can be. */
  stampTime(time: Buffer): void {
    for (let at = 0; at < TIME_CHARS; at++) this.#put(TIME_AT + at, time[at] ?? 0);
  }

  #put(at: number, code: number): void {
    this.bytes[HEADER_BYTES + at] = code ^ (MASK[at & 3] ?? 0);
  }
}

/** 20 ms whose samples are evenly spread up to `peak`. `seed` makes the audio differ from that of other calls. */
export function evenNoise(seed: number, peak = 4_000): Buffer {
  const pcm = Buffer.alloc(PCM_BYTES);
  let state = seed + 1;
  for (let at = 0; at < PCM_BYTES; at += 2) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    pcm.writeInt16LE(((state >>> 16) % (2 * peak)) - peak, at);
  }
  return pcm;
}

const DATA_MEMBER = /"data": ?"/i;
const COLON = 0x3a;
const SPACE = 0x20;
const QUOTE = 0x22;
/** Bytes in which the member with the audio must begin. */
const SEARCHED_BYTES = 200;

/** Finds the numbers of the frames in the messages of one connection. */
export class FrameReader {
  #dataAt = 0;

  /**
   * Calls `heard` with each frame's number, in order, and with the bytes of audio before it; other audio (silence that
   * was put before it) is passed over. Answers the bytes of audio in the message, or -1 where it has none.
   */
  read(
    message: Uint8Array,
    from: number,
    to: number,
    heard: (number: number, pcmAt: number) => void,
  ): number {
    const start = this.#findData(message, from, to);
    if (start < 0) return -1;
    const quote = message.indexOf(QUOTE, start);
    const end = quote < 0 || quote > to ? to : quote;
    for (let pcmAt = 0; ; pcmAt += PCM_BYTES) {
      const charAt = start + Math.floor(pcmAt / 3) * 4;
      if (charAt + 12 > end) return Math.floor(((end - start) / 4) * 3) & ~1;
      const number = numberAt(message, charAt, pcmAt % 3);
      if (number >= 0) heard(number, pcmAt);
    }
  }

  #findData(message: Uint8Array, from: number, to: number): number {
    const at = this.#dataAt;
    const before = message[from + at - 2];
    if (at > 0 && message[from + at - 1] === QUOTE && (before === COLON || before === SPACE))
      return from + at;
    const head = Buffer.from(message.buffer, message.byteOffset + from, Math.min(to - from, SEARCHED_BYTES));
    const found = DATA_MEMBER.exec(head.toString('latin1'));
    if (found === null) return -1;
    this.#dataAt = found.index + found[0].length;
    return from + this.#dataAt;
  }
}

/**
 * The number written by `stamp`, at `skip` bytes after the three bytes that begin at this character; -1 where there is
 * none.
 */
function numberAt(message: Uint8Array, charAt: number, skip: number): number {
  if (byteAt(message, charAt, skip) !== MARK >> 8 || byteAt(message, charAt, skip + 1) !== (MARK & 0xff))
    return -1;
  const high = (byteAt(message, charAt, skip + 2) << 8) | byteAt(message, charAt, skip + 3);
  const low = (byteAt(message, charAt, skip + 4) << 8) | byteAt(message, charAt, skip + 5);
  return high * 0x1_0000 + low;
}

/** A byte of what these characters stand for. */
function byteAt(message: Uint8Array, charAt: number, byte: number): number {
  const at = charAt + Math.floor(byte / 3) * 4;
  switch (byte % 3) {
    case 0:
      return ((value(message, at) << 2) | (value(message, at + 1) >> 4)) & 0xff;
    case 1:
      return ((value(message, at + 1) << 4) | (value(message, at + 2) >> 2)) & 0xff;
    default:
      return ((value(message, at + 2) << 6) | value(message, at + 3)) & 0xff;
  }
}

function value(message: Uint8Array, at: number): number {
  return VALUES[message[at] ?? 0] ?? 0;
}

/** The number of the frame whose audio lies at `at`, as bytes; -1 where it has none. */
export function numberOfPcm(pcm: Buffer, at: number): number {
  if (at < 0 || at + PCM_BYTES > pcm.byteLength || pcm.readUInt16BE(at) !== MARK) return -1;
  return pcm.readUInt32BE(at + 2);
}
