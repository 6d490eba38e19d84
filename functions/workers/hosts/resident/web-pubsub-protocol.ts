/**
 * The protobuf subprotocols as the official client takes a protocol: no base64, and audio is read where it lies in the
 * frame. Data that the client hands out is a `Uint8Array` (a view of the frame, never shared with another message)
 * instead of an `ArrayBuffer`; JSON is text, whatever field it came in.
 *
 * A message that cannot be read is ignored and told, since an error would be thrown into the socket's event handler.
 */
import type { WebPubSubClientProtocol, WebPubSubMessage } from '@azure/web-pubsub-client';
import {
  type DownstreamMessage,
  readDownstream,
  type UpstreamData,
  writeUpstream,
} from '../../../../shared/web-pubsub/web-pubsub-protobuf.ts';

export interface ProtocolHooks {
  /** The service has accepted the connection, or a recovery of it. Called before the client itself learns of it. */
  connected?(connection: { readonly connectionId: string; readonly reconnectionToken: string }): void;
  /** A message was ignored because it is no message of the subprotocol. */
  unreadable?(): void;
}

const NAMES = {
  plain: 'protobuf.webpubsub.azure.v1',
  reliable: 'protobuf.reliable.webpubsub.azure.v1',
} as const;

export function protobufProtocol(
  kind: 'plain' | 'reliable',
  hooks: ProtocolHooks = {},
): WebPubSubClientProtocol {
  return {
    name: NAMES[kind],
    isReliableSubProtocol: kind === 'reliable',
    parseMessages(input) {
      const message = parse(input, hooks);
      if (message === undefined) return null;
      if (message.kind === 'connected') hooks.connected?.(message);
      return toClientMessage(message);
    },
    // The client keeps it until the socket has taken it.
    writeMessage: (message) => write(message).slice().buffer,
  };
}

function parse(input: string | ArrayBuffer | Buffer, hooks: ProtocolHooks): DownstreamMessage | undefined {
  try {
    if (typeof input !== 'string') return readDownstream(new Uint8Array(input));
  } catch {
    // Told below, together with a text frame.
  }
  hooks.unreadable?.();
  return undefined;
}

function toClientMessage(message: DownstreamMessage): WebPubSubMessage {
  switch (message.kind) {
    case 'groupData':
      // The subprotocol does not say who sent a message.
      return { ...message, fromUserId: '' };
    case 'serverData':
    case 'ack':
    case 'connected':
    case 'disconnected':
    case 'pong':
      return message;
  }
}

/** @throws TypeError for what these subprotocols have no message for, and for data that is not of its type */
function write(message: WebPubSubMessage): Uint8Array<ArrayBuffer> {
  switch (message.kind) {
    case 'sendEvent':
      return writeUpstream({ ...message, data: toData(message.dataType, message.data) });
    case 'sendToGroup':
      if (message.stream !== undefined) throw new TypeError('not supported: streams over protobuf');
      return writeUpstream({ ...message, data: toData(message.dataType, message.data) });
    case 'joinGroup':
    case 'leaveGroup':
    case 'sequenceAck':
    case 'ping':
      return writeUpstream(message);
    default:
      throw new TypeError(`not supported: a message of the kind ${message.kind} over protobuf`);
  }
}

function toData(dataType: string | undefined, data: unknown): UpstreamData {
  switch (dataType) {
    case 'binary':
      if (data instanceof Uint8Array) return { type: 'binary', bytes: data };
      if (data instanceof ArrayBuffer) return { type: 'binary', bytes: new Uint8Array(data) };
      throw new TypeError('binary data is a Uint8Array or an ArrayBuffer');
    case 'text':
      if (typeof data === 'string') return { type: 'text', text: data };
      throw new TypeError('text data is a string');
    case 'json':
      return { type: 'text', text: JSON.stringify(data) };
    default:
      throw new TypeError(`not supported: data of the type ${dataType ?? 'undefined'}`);
  }
}
