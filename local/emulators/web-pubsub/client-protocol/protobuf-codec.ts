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
  type ReceivedFrame,
} from '../hub/client-codec.ts';
import type { MessageData, Metadata, Payload } from '../hub/payload.ts';
import { dataMessage } from './protobuf-data-message.ts';
import { parseProtobufRequest } from './protobuf-request.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

/**
 * Which field JSON comes in. `text`: `text_data`, as the documentation says. `json`: `json_data`, which newer message
 * definitions have.
 */
export type JsonField = 'text' | 'json';

/** Fields of `DownstreamMessage`, of which one is set. */
const ACK = 1;
const SYSTEM = 3;
const PONG = 4;
/** The field of `DataMessage` for its metadata. */
const METADATA = 5;
/** Tags of the members of `MessageData`. */
const TEXT_DATA = 0x0a;
const BINARY_DATA = 0x12;
const PROTOBUF_DATA = 0x1a;
const JSON_DATA = 0x22;
const NOTHING = new Uint8Array(0);

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

  parse(frame: ReceivedFrame): ClientRequest {
    if (!frame.binary) {
      throw new ProtocolViolation(
        CloseCode.wrongFrameType,
        'the protobuf subprotocol takes binary frames only',
      );
    }
    return parseProtobufRequest(frame.bytes);
  }

  connected(connectionId: string, userId: string | undefined, reconnectionToken: string | undefined): Frame {
    const connected = new ProtobufWriter()
      .string(1, connectionId, 'implicit')
      .string(2, userId ?? '', 'implicit');
    if (reconnectionToken !== undefined) connected.string(3, reconnectionToken);
    return downstream(SYSTEM, new ProtobufWriter().message(1, connected));
  }

  disconnected(message: string): Frame {
    const disconnected = new ProtobufWriter().string(2, message, 'implicit');
    return downstream(SYSTEM, new ProtobufWriter().message(2, disconnected));
  }

  ack(ackId: AckId, error?: AckError): Frame {
    const ack = new ProtobufWriter();
    if (BigInt(ackId) !== 0n) ack.uint64(1, ackId);
    ack.bool(2, error === undefined);
    if (error !== undefined) {
      ack.message(
        3,
        new ProtobufWriter().string(1, error.name, 'implicit').string(2, error.message, 'implicit'),
      );
    }
    return downstream(ACK, ack);
  }

  pong(): Frame {
    return downstream(PONG, new ProtobufWriter());
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
  const writer = new ProtobufWriter();
  for (const [key, value] of Object.entries(metadata)) {
    writer.message(METADATA, new ProtobufWriter().string(1, key).string(2, value));
  }
  return writer.finish();
}

function downstream(kind: number, message: ProtobufWriter): Frame {
  return { bytes: new ProtobufWriter().message(kind, message).finish(), binary: true };
}
