import { CloseCode } from '../base/close-codes.ts';
import type { AckId } from '../hub/ack-ledger.ts';
import {
  type AckError,
  type ClientCodec,
  type ClientRequest,
  type Frame,
  type MessageOrigin,
  type PreparedMessage,
  ProtocolViolation,
} from '../hub/client-codec.ts';
import type { MessageData, Metadata, Payload } from '../hub/payload.ts';
import { parseProtobufRequest } from './protobuf-request.ts';
import { bytesTag, numberTag, Writer } from './protobuf-wire.ts';

/**
 * Which field JSON comes in. `text`: `text_data`, as the documentation says. `json`: `json_data`, which newer message
 * definitions have.
 */
export type JsonField = 'text' | 'json';

/** Fields of `DownstreamMessage`, of which one is set. */
const ACK = 1;
const SYSTEM = 3;
const PONG = 4;
/** Tags of the members of `MessageData`. */
const TEXT_DATA = 0x0a;
const BINARY_DATA = 0x12;
const PROTOBUF_DATA = 0x1a;
const JSON_DATA = 0x22;
const NOTHING = new Uint8Array(0);
/** The tag of `DataMessage`'s metadata. */
const METADATA = bytesTag(5);

/**
 * The protobuf subprotocols, `protobuf.webpubsub.azure.v1` and its reliable variant. Binary frames only, one message in
 * each. A message says nothing of the user who sent it: `DataMessage` has no field for that.
 */
export class ProtobufCodec implements ClientCodec {
  readonly subprotocol: string;
  readonly reliable: boolean;
  readonly onFailure = 'ack';
  readonly #jsonField: JsonField;

  constructor(subprotocol: string, reliable: boolean, jsonField: JsonField) {
    this.subprotocol = subprotocol;
    this.reliable = reliable;
    this.#jsonField = jsonField;
  }

  parse(frame: Frame): ClientRequest {
    if (!frame.binary)
      throw new ProtocolViolation(
        CloseCode.wrongFrameType,
        'the protobuf subprotocol takes binary frames only',
      );
    return parseProtobufRequest(frame.bytes);
  }

  connected(connectionId: string, userId: string | undefined, reconnectionToken: string | undefined): Frame {
    return downstream(SYSTEM, (system) => {
      system.uint32(bytesTag(1)).fork();
      text(system, 1, connectionId);
      text(system, 2, userId ?? '');
      // A member of proto3 that is optional is written even when it is empty.
      if (reconnectionToken !== undefined) system.uint32(bytesTag(3)).string(reconnectionToken);
      system.ldelim();
    });
  }

  disconnected(message: string): Frame {
    return downstream(SYSTEM, (system) => {
      system.uint32(bytesTag(2)).fork();
      text(system, 2, message);
      system.ldelim();
    });
  }

  ack(ackId: AckId, error?: AckError): Frame {
    return downstream(ACK, (ack) => {
      if (ackId !== 0) ack.uint32(numberTag(1)).uint64(typeof ackId === 'number' ? ackId : String(ackId));
      if (error === undefined) {
        ack.uint32(numberTag(2)).bool(true);
        return;
      }
      ack.uint32(bytesTag(3)).fork();
      text(ack, 1, error.name);
      text(ack, 2, error.message);
      ack.ldelim();
    });
  }

  pong(): Frame {
    return downstream(PONG, () => {});
  }

  prepare(origin: MessageOrigin, data: MessageData): PreparedMessage {
    const group = origin.from === 'group' ? origin.group : undefined;
    const { tag, bytes } = memberOf(data.payload, this.#jsonField);
    const metadata = metadataEntries(data.metadata);
    const write = (sequenceId?: number): Frame => ({
      bytes: dataMessage(origin.from, group, tag, bytes, sequenceId, metadata),
      binary: true,
    });
    let unnumbered: Frame | undefined;
    return {
      frame(sequenceId) {
        if (sequenceId !== undefined) return write(sequenceId);
        unnumbered ??= write();
        return unnumbered;
      },
    };
  }
}

/** The payload's member of `MessageData`: its tag and its bytes. */
function memberOf(
  payload: Payload,
  jsonField: JsonField,
): { readonly tag: number; readonly bytes: Uint8Array } {
  switch (payload.dataType) {
    case 'text':
      return { tag: TEXT_DATA, bytes: Buffer.from(payload.text) };
    case 'binary':
      return { tag: BINARY_DATA, bytes: payload.bytes };
    case 'protobuf':
      return { tag: PROTOBUF_DATA, bytes: payload.bytes };
    case 'json':
      return { tag: jsonField === 'json' ? JSON_DATA : TEXT_DATA, bytes: Buffer.from(payload.json) };
  }
}

function metadataEntries(metadata: Metadata | undefined): Uint8Array {
  if (metadata === undefined) return NOTHING;
  const writer = Writer.create();
  for (const [key, value] of Object.entries(metadata)) {
    writer.uint32(METADATA).fork();
    writer.uint32(bytesTag(1)).string(key).uint32(bytesTag(2)).string(value).ldelim();
  }
  return writer.finish();
}

/** A `DownstreamMessage` with one member, whose fields `write` writes. */
function downstream(kind: number, write: (message: Writer) => void): Frame {
  const message = Writer.create().uint32(bytesTag(kind)).fork();
  write(message);
  return { bytes: message.ldelim().finish(), binary: true };
}

/** A text; an empty one is the default of proto3 and left out. */
function text(message: Writer, field: number, value: string): void {
  if (value !== '') message.uint32(bytesTag(field)).string(value);
}

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
