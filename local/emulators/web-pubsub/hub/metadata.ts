import { METADATA_KEY_BYTES, METADATA_TOTAL_BYTES, METADATA_VALUE_BYTES } from '../base/limits.ts';
import type { Metadata } from './payload.ts';

/** Characters of an HTTP token: metadata travels as HTTP header names. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** What an HTTP header value can carry: printable ASCII and tab. */
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;

/**
 * Checks metadata: names of HTTP token characters up to 256 bytes, ASCII values up to 1024 bytes, 8 KiB together.
 * @returns the metadata, or the rule that is broken as a sentence
 */
export function parseMetadata(value: unknown): Metadata | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return "'metadata' must be a JSON object";
  const metadata: Record<string, string> = {};
  let total = 0;
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') return 'every value of metadata must be a string';
    if (!TOKEN.test(key)) return 'a metadata key has characters that HTTP header names cannot have';
    if (!HEADER_VALUE.test(text))
      return 'a metadata value has characters that HTTP header values cannot have';
    if (key.length > METADATA_KEY_BYTES) return `a metadata key is longer than ${METADATA_KEY_BYTES} bytes`;
    if (text.length > METADATA_VALUE_BYTES)
      return `a metadata value is longer than ${METADATA_VALUE_BYTES} bytes`;
    total += key.length + text.length;
    if (total > METADATA_TOTAL_BYTES) return `the metadata is longer than ${METADATA_TOTAL_BYTES} bytes`;
    metadata[key] = text;
  }
  return metadata;
}
