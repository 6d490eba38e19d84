import { CloseCode } from '../close-codes.ts';
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
import { parseProtobufRequest } from './protobuf-request.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

/**
 * Which field JSON comes in. `text`: `text_data`, as the documentation says. `json`: `json_data`, which newer message
 * definitions have.
 */
export type JsonField = 'text' | 'json';

/** Fields of `DownstreamMessage`, of which one is set. */
const ACK = 1;
const DATA = 2;
const SYSTEM = 3;
const PONG = 4;
/** Fields of `DataMessage` after its payload. */
const SEQUENCE_ID = 4;
const METADATA = 5;

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
    const writer = new ProtobufWriter().string(1, origin.from);
    if (origin.from === 'group') writer.string(2, origin.group);
    const start = writer.message(3, messageData(data.payload, this.#jsonField));
    const end = metadataEntries(data.metadata);
    let unnumbered: Frame | undefined;
    return {
      frame(sequenceId) {
        if (sequenceId === undefined) {
          unnumbered ??= downstream(DATA, new ProtobufWriter().appendAll(start).appendAll(end));
          return unnumbered;
        }
        const numbered = new ProtobufWriter().appendAll(start).uint64(SEQUENCE_ID, sequenceId).appendAll(end);
        return downstream(DATA, numbered);
      },
    };
  }
}

function messageData(payload: Payload, jsonField: JsonField): ProtobufWriter {
  const data = new ProtobufWriter();
  switch (payload.dataType) {
    case 'text':
      return data.string(1, payload.text);
    case 'binary':
      return data.bytes(2, payload.bytes);
    case 'protobuf':
      return data.bytes(3, payload.bytes);
    case 'json':
      return data.string(jsonField === 'json' ? 4 : 1, payload.json);
  }
}

function metadataEntries(metadata: Metadata | undefined): ProtobufWriter {
  const writer = new ProtobufWriter();
  for (const [key, value] of Object.entries(metadata ?? {})) {
    writer.message(METADATA, new ProtobufWriter().string(1, key).string(2, value));
  }
  return writer;
}

function downstream(kind: number, message: ProtobufWriter): Frame {
  return { bytes: new ProtobufWriter().message(kind, message).finish(), binary: true };
}
