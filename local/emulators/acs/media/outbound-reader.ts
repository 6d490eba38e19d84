import { audioTextOf, MAX_OUTBOUND_BYTES, type OutboundMessage, parseOutbound } from './outbound-codec.ts';

/** Messages that are looked at for a template; a stream whose messages differ in more than their audio has none. */
const MAX_ATTEMPTS = 4;

/** Stands for audio while a template is tried. */
const SENTINEL = 'AAAA';

/** Everything of a message but its audio. */
interface Template {
  readonly head: Buffer;
  readonly tail: Buffer;
}

/** Decoded audio of the latest message, whichever stream it came from. */
const scratch = new Uint8Array(Math.ceil(MAX_OUTBOUND_BYTES / 4) * 3);

/**
 * Reads the messages of one stream, with the results of `parseOutbound`. The messages of one sender mostly differ in
 * their audio alone: one that begins and ends with the same bytes as one before is the same JSON with another string in
 * it, as long as that is base64, and is not parsed again. Everything else is.
 */
export class OutboundReader {
  #template: Template | undefined;
  #attempts = 0;
  #samples = new Int16Array(scratch.buffer, 0, 0);

  /** One message; its samples are valid until the next one is read, of whatever stream. */
  read(bytes: Buffer, isBinary: boolean): OutboundMessage {
    const samples = isBinary ? undefined : this.#fit(bytes);
    if (samples !== undefined) return { type: 'audio', samples };
    const message = parseOutbound(bytes, isBinary);
    if (message.type === 'audio' && this.#attempts < MAX_ATTEMPTS) {
      this.#attempts += 1;
      this.#template = templateOf(bytes) ?? this.#template;
    }
    return message;
  }

  #fit(bytes: Buffer): Int16Array | undefined {
    if (this.#template === undefined || bytes.length > MAX_OUTBOUND_BYTES) return undefined;
    const { head, tail } = this.#template;
    const end = bytes.length - tail.length;
    if (end < head.length || head.compare(bytes, 0, head.length) !== 0 || tail.compare(bytes, end) !== 0)
      return undefined;
    const length = decodeBase64Into(scratch, bytes, head.length, end);
    if (length === undefined || length % 2 !== 0) return undefined;
    if (this.#samples.length !== length / 2) this.#samples = new Int16Array(scratch.buffer, 0, length / 2);
    return this.#samples;
  }
}

/** Undefined where the audio does not stand in the message as it is, as when characters of it are escaped. */
function templateOf(bytes: Buffer): Template | undefined {
  const data = audioTextOf(bytes);
  const at = data ? bytes.indexOf(data) : -1;
  if (data === undefined || at < 0) return undefined;
  const head = Buffer.from(bytes.subarray(0, at));
  const tail = Buffer.from(bytes.subarray(at + data.length));
  // Shows that it is the audio which stands there, and not another string that happens to be the same.
  return audioTextOf(Buffer.concat([head, Buffer.from(SENTINEL), tail])) === SENTINEL
    ? { head, tail }
    : undefined;
}

/** What a character of the standard alphabet (RFC 4648 section 4) stands for, by its byte; 255: it is none of them. */
const VALUES = new Uint8Array(256).fill(255);
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
for (let value = 0; value < ALPHABET.length; value++) VALUES[ALPHABET.charCodeAt(value)] = value;

const PADDING = 0x3d;

/**
 * Decodes the characters from `from` up to `to` of a text into the beginning of `target`, and gives how many bytes
 * these are; undefined for anything but groups of the standard alphabet, of which the last may be padded. Makes no
 * object: 50 messages a second of each call come by.
 * @throws RangeError where the target is too small
 */
export function decodeBase64Into(
  target: Uint8Array,
  text: Uint8Array,
  from: number,
  to: number,
): number | undefined {
  const length = to - from;
  if (length < 0 || length % 4 !== 0) return undefined;
  if ((length / 4) * 3 > target.length)
    throw new RangeError(`${length} characters of base64 may not fit into ${target.length} bytes`);
  let padding = 0;
  if (length > 0 && text[to - 1] === PADDING) padding = text[to - 2] === PADDING ? 2 : 1;
  let written = 0;
  for (let at = from; at < to; at += 4) {
    const short = at + 4 === to ? padding : 0;
    const a = VALUES[text[at] ?? 0] ?? 255;
    const b = VALUES[text[at + 1] ?? 0] ?? 255;
    const c = short === 2 ? 0 : (VALUES[text[at + 2] ?? 0] ?? 255);
    const d = short > 0 ? 0 : (VALUES[text[at + 3] ?? 0] ?? 255);
    if ((a | b | c | d) > 63) return undefined;
    target[written] = (a << 2) | (b >> 4);
    target[written + 1] = (b << 4) | (c >> 2);
    target[written + 2] = (c << 6) | d;
    written += 3;
  }
  return written - padding;
}
