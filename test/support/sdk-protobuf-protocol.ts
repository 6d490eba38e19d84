/**
 * The protobuf subprotocols for Microsoft's client, which brings only those of JSON. The messages go through
 * protobufjs, so that what judges the emulator shares no codec with it, nor with the product. Data that the client
 * hands out is a `Uint8Array` instead of an `ArrayBuffer`; JSON is text.
 */
import type { WebPubSubClientProtocol, WebPubSubMessage } from '@azure/web-pubsub-client';
import { decodeProto, encodeProto } from './web-pubsub-proto.ts';

const NAMES = {
  plain: 'protobuf.webpubsub.azure.v1',
  reliable: 'protobuf.reliable.webpubsub.azure.v1',
} as const;

export function protobufProtocol(kind: keyof typeof NAMES): WebPubSubClientProtocol {
  return {
    name: NAMES[kind],
    isReliableSubProtocol: kind === 'reliable',
    parseMessages: (input) =>
      typeof input === 'string' ? null : read(decodeProto('DownstreamMessage', new Uint8Array(input))),
    writeMessage: (message) => encodeProto('UpstreamMessage', upstreamOf(message)).buffer,
  };
}

interface DecodedData {
  readonly text_data?: string;
  /** In base64. */
  readonly binary_data?: string;
  readonly protobuf_data?: object;
  readonly json_data?: string;
}

/** `DownstreamMessage` as protobufjs decodes it. Numbers that are 0 and texts that are empty are left out. */
interface Decoded {
  readonly ack_message?: {
    readonly ack_id?: number;
    readonly success?: boolean;
    readonly error?: { readonly name?: string; readonly message?: string };
  };
  readonly data_message?: {
    readonly from?: string;
    readonly group?: string;
    readonly data?: DecodedData;
    readonly sequence_id?: number;
  };
  readonly system_message?: {
    readonly connected_message?: {
      readonly connection_id?: string;
      readonly user_id?: string;
      readonly reconnection_token?: string;
    };
    readonly disconnected_message?: { readonly reason?: string };
  };
  readonly pong_message?: object;
}

function read(decoded: unknown): WebPubSubMessage | null {
  const { ack_message: ack, data_message, system_message, pong_message } = decoded as Decoded;
  if (ack !== undefined) {
    const { ack_id: ackId = 0, success = false, error } = ack;
    if (error === undefined) return { kind: 'ack', ackId, success };
    const { name = '', message = '' } = error;
    return { kind: 'ack', ackId, success, error: { name, message } };
  }
  if (data_message !== undefined) return dataOf(data_message);
  if (system_message?.connected_message !== undefined) {
    const { connection_id = '', user_id = '', reconnection_token = '' } = system_message.connected_message;
    return {
      kind: 'connected',
      connectionId: connection_id,
      userId: user_id,
      reconnectionToken: reconnection_token,
    };
  }
  if (system_message?.disconnected_message !== undefined)
    return { kind: 'disconnected', message: system_message.disconnected_message.reason ?? '' };
  return pong_message === undefined ? null : { kind: 'pong' };
}

function dataOf({
  from,
  group = '',
  data,
  sequence_id,
}: NonNullable<Decoded['data_message']>): WebPubSubMessage {
  const numbered = sequence_id === undefined ? {} : { sequenceId: sequence_id };
  const content = contentOf(data);
  return from === 'group'
    ? { kind: 'groupData', group, fromUserId: '', ...numbered, ...content }
    : { kind: 'serverData', ...numbered, ...content };
}

function contentOf(
  data: DecodedData = {},
): Pick<WebPubSubMessage & { kind: 'serverData' }, 'dataType' | 'data'> {
  const { binary_data, protobuf_data, json_data, text_data = '' } = data;
  if (binary_data !== undefined)
    return { dataType: 'binary', data: Uint8Array.from(Buffer.from(binary_data, 'base64')) };
  if (protobuf_data !== undefined) return { dataType: 'protobuf', data: encodeProto('Any', protobuf_data) };
  if (json_data !== undefined) return { dataType: 'json', data: json_data };
  return { dataType: 'text', data: text_data };
}

/** `UpstreamMessage` as protobufjs takes it. @throws TypeError for a message that these subprotocols do not have */
function upstreamOf(message: WebPubSubMessage): object {
  switch (message.kind) {
    case 'sendEvent': {
      const { event, dataType, data, ackId } = message;
      return { event_message: { event, data: written(dataType, data), ...numberOf(ackId) } };
    }
    case 'sendToGroup': {
      const { group, dataType, data, ackId, noEcho } = message;
      return {
        send_to_group_message: { group, data: written(dataType, data), no_echo: noEcho, ...numberOf(ackId) },
      };
    }
    case 'joinGroup':
      return { join_group_message: { group: message.group, ...numberOf(message.ackId) } };
    case 'leaveGroup':
      return { leave_group_message: { group: message.group, ...numberOf(message.ackId) } };
    case 'sequenceAck':
      return { sequence_ack_message: { sequence_id: message.sequenceId } };
    case 'ping':
      return { ping_message: {} };
    default:
      throw new TypeError(`not supported: a message of the kind ${message.kind} over protobuf`);
  }
}

function numberOf(ackId: number | undefined): object {
  return ackId === undefined ? {} : { ack_id: ackId };
}

function written(dataType: string | undefined, data: unknown): object {
  if (dataType === 'binary')
    return { binary_data: data instanceof Uint8Array ? data : new Uint8Array(data as ArrayBuffer) };
  if (dataType === 'text') return { text_data: data };
  if (dataType === 'json') return { text_data: JSON.stringify(data) };
  throw new TypeError(`not supported: data of the type ${dataType ?? 'undefined'}`);
}
