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
