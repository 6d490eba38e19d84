/** Tags, a byte each, of `DownstreamMessage.data_message` and of the members of `DataMessage`. */
const DATA_MESSAGE = 0x12;
const FROM = 0x0a;
const GROUP = 0x12;
const DATA = 0x1a;
const SEQUENCE_ID = 0x20;

/**
 * Writes a `DownstreamMessage` with a `DataMessage`, the message that clients get most, into memory of its own size at
 * once.
 * @param group absent for messages of the server
 * @param payloadTag the tag of the member of `MessageData`, one byte
 * @param metadata its entries, written with their tags
 */
export function dataMessage(
  from: 'group' | 'server',
  group: string | undefined,
  payloadTag: number,
  payload: Uint8Array,
  sequenceId: number | undefined,
  metadata: Uint8Array,
): Uint8Array {
  const groupBytes = group === undefined ? 0 : Buffer.byteLength(group);
  const dataBytes = 1 + varintBytes(payload.byteLength) + payload.byteLength;
  const bodyBytes =
    2 +
    from.length +
    (group === undefined ? 0 : 1 + varintBytes(groupBytes) + groupBytes) +
    1 +
    varintBytes(dataBytes) +
    dataBytes +
    (sequenceId === undefined ? 0 : 1 + varintBytes(sequenceId)) +
    metadata.byteLength;
  const bytes = Buffer.allocUnsafe(1 + varintBytes(bodyBytes) + bodyBytes);
  let at = writeHead(bytes, 0, DATA_MESSAGE, bodyBytes);
  at = writeHead(bytes, at, FROM, from.length);
  at += bytes.write(from, at, 'latin1');
  if (group !== undefined) {
    at = writeHead(bytes, at, GROUP, groupBytes);
    at += bytes.write(group, at, 'utf8');
  }
  at = writeHead(bytes, at, DATA, dataBytes);
  at = writeHead(bytes, at, payloadTag, payload.byteLength);
  bytes.set(payload, at);
  at += payload.byteLength;
  if (sequenceId !== undefined) at = writeHead(bytes, at, SEQUENCE_ID, sequenceId);
  bytes.set(metadata, at);
  return bytes;
}

function varintBytes(value: number): number {
  let count = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) count += 1;
  return count;
}

/** A tag and the number after it. @returns where the next byte goes */
function writeHead(bytes: Uint8Array, start: number, tag: number, value: number): number {
  let at = start;
  bytes[at] = tag;
  at += 1;
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) {
    bytes[at] = (rest % 128) | 0x80;
    at += 1;
  }
  bytes[at] = rest;
  return at + 1;
}
