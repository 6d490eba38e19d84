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
