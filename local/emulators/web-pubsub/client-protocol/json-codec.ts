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
  viewOf,
} from '../hub/client-codec.ts';
import type { MessageData, Payload } from '../hub/payload.ts';
import { parseJsonRequest } from './json-request.ts';

/**
 * The JSON subprotocols, `json.webpubsub.azure.v1` and its reliable variant. Text frames only, compact JSON.
 * Members are written in the order the service writes them (`type, from, group, fromUserId, dataType, data, metadata,
 * sequenceId`): a test of Microsoft's SDK compares whole strings.
 */
export class JsonCodec implements ClientCodec {
  readonly subprotocol: string;
  readonly reliable: boolean;
  readonly onFailure = 'ack';

  constructor(subprotocol: string, reliable: boolean) {
    this.subprotocol = subprotocol;
    this.reliable = reliable;
  }

  parse(frame: Frame): ClientRequest {
    if (frame.binary)
      throw new ProtocolViolation(CloseCode.wrongFrameType, 'the JSON subprotocol takes text frames only');
    return parseJsonRequest(viewOf(frame.bytes).toString('utf8'));
  }

  connected(connectionId: string, userId: string | undefined, reconnectionToken: string | undefined): Frame {
    return jsonFrame({
      type: 'system',
      event: 'connected',
      userId: userId ?? null,
      connectionId,
      ...(reconnectionToken === undefined ? {} : { reconnectionToken }),
    });
  }

  disconnected(message: string): Frame {
    return jsonFrame({ type: 'system', event: 'disconnected', message });
  }

  ack(ackId: AckId, error?: AckError): Frame {
    // Written by hand because JSON.stringify refuses a bigint.
    const failure =
      error === undefined ? '' : `,"error":${JSON.stringify({ name: error.name, message: error.message })}`;
    return textFrame(`{"type":"ack","ackId":${ackId},"success":${error === undefined}${failure}}`);
  }

  pong(): Frame {
    return jsonFrame({ type: 'pong' });
  }

  prepare(origin: MessageOrigin, data: MessageData): PreparedMessage {
    const start = `${originJson(origin)},${payloadJson(data.payload)}${metadataJson(data)}`;
    let unnumbered: Frame | undefined;
    return {
      frame(sequenceId) {
        if (sequenceId !== undefined) return textFrame(`${start},"sequenceId":${sequenceId}}`);
        unnumbered ??= textFrame(`${start}}`);
        return unnumbered;
      },
    };
  }
}

function originJson(origin: MessageOrigin): string {
  if (origin.from === 'server') return '{"type":"message","from":"server"';
  const user = origin.fromUserId === undefined ? '' : `,"fromUserId":${JSON.stringify(origin.fromUserId)}`;
  return `{"type":"message","from":"group","group":${JSON.stringify(origin.group)}${user}`;
}

function payloadJson(payload: Payload): string {
  switch (payload.dataType) {
    case 'text':
      return `"dataType":"text","data":${JSON.stringify(payload.text)}`;
    case 'json':
      return `"dataType":"json","data":${payload.json}`;
    case 'binary':
    case 'protobuf':
      return `"dataType":"${payload.dataType}","data":"${viewOf(payload.bytes).toString('base64')}"`;
  }
}

function metadataJson(data: MessageData): string {
  return data.metadata === undefined ? '' : `,"metadata":${JSON.stringify(data.metadata)}`;
}

function jsonFrame(value: unknown): Frame {
  return textFrame(JSON.stringify(value));
}

function textFrame(text: string): Frame {
  return { bytes: Buffer.from(text), binary: false };
}
