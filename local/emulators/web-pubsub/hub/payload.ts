import { isRecord } from '../../common/json.ts';
import { METADATA_KEY_BYTES, METADATA_TOTAL_BYTES, METADATA_VALUE_BYTES } from '../base/limits.ts';
/**
 * What one message carries. JSON stays the text it arrived as: parsing and writing it again would change large numbers,
 * number formats and repeated keys.
 */
export type Payload =
  | { readonly dataType: 'text'; readonly text: string }
  | { readonly dataType: 'json'; readonly json: string }
  | { readonly dataType: 'binary'; readonly bytes: Uint8Array }
  /** A serialized `google.protobuf.Any`. */
  | { readonly dataType: 'protobuf'; readonly bytes: Uint8Array };

/** Names and values that travel beside the payload. */
export type Metadata = Readonly<Record<string, string>>;

export interface MessageData {
  readonly payload: Payload;
  readonly metadata?: Metadata;
  /** How long the message may wait for a reliable client that is away. Absent or 0: as long as its session. */
  readonly ttlSeconds?: number;
}

/** Characters of an HTTP token: metadata travels as HTTP header names. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** What an HTTP header value can carry: printable ASCII and tab. */
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;

/**
 * Checks metadata: names of HTTP token characters up to 256 bytes, ASCII values up to 1024 bytes, 8 KiB together.
 * @returns the metadata, or the rule that is broken as a sentence
 */
export function parseMetadata(value: unknown): Metadata | string {
  if (!isRecord(value)) return "'metadata' must be a JSON object";
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
