const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** Bytes of the digest that make an id: 160 bits, so that two calls never share one. */
const ID_BYTES = 20;

/**
 * The id of a call, made of the SHA-256 digest of what ACS names it by (`incomingCallContext`). The same call therefore has the
 * same id in every delivery of its event. Base32 (RFC 4648, section 6) in lower case without padding, 32 characters.
 * @throws RangeError when the digest has fewer than 20 bytes.
 */
export function formatCallId(digest: Uint8Array): string {
  if (digest.byteLength < ID_BYTES) {
    throw new RangeError(
      `a call id needs a digest of at least ${ID_BYTES} bytes, this one has ${digest.byteLength}`,
    );
  }
  let id = '';
  let bits = 0;
  let width = 0;
  for (const byte of digest.subarray(0, ID_BYTES)) {
    bits = (bits << 8) | byte;
    width += 8;
    while (width >= 5) {
      width -= 5;
      id += ALPHABET.charAt((bits >> width) & 31);
    }
    bits &= (1 << width) - 1;
  }
  return id;
}
