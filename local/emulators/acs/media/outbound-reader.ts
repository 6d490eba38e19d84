import { decodeBase64Into } from './base64.ts';
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
