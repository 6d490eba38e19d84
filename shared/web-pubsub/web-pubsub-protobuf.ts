/**
 * The messages of the subprotocols `protobuf.webpubsub.azure.v1` and `protobuf.reliable.webpubsub.azure.v1` of Azure
 * Web PubSub, as a client writes and reads them. One binary WebSocket frame carries one message. `kind` names messages
 * as Microsoft's client does.
 *
 * The codec is written by hand: it writes audio in one copy and reads it in none, for a fraction of what a general
 * library costs.
 */

import { ProtobufError, ProtobufFields, ProtobufWriter } from './protobuf.ts';

export type UpstreamMessage =
  | {
      readonly kind: 'sendEvent';
      readonly event: string;
      readonly data: UpstreamData;
      readonly ackId?: number;
    }
  | {
      readonly kind: 'sendToGroup';
      readonly group: string;
      readonly data: UpstreamData;
      readonly ackId?: number;
      readonly noEcho: boolean;
    }
  | { readonly kind: 'joinGroup' | 'leaveGroup'; readonly group: string; readonly ackId?: number }
  | { readonly kind: 'sequenceAck'; readonly sequenceId: number }
  | { readonly kind: 'ping' };

export type UpstreamData =
  | { readonly type: 'binary'; readonly bytes: Uint8Array }
  /** JSON travels as text too: every version of the service knows `text_data`, and only newer ones know `json_data`. */
  | { readonly type: 'text'; readonly text: string };

type DownstreamData =
  | { readonly dataType: 'text'; readonly data: string }
  /** The text of a JSON value, not parsed. */
  | { readonly dataType: 'json'; readonly data: string }
  /** A view into the frame. `protobuf`: a serialized `google.protobuf.Any`. */
  | { readonly dataType: 'binary' | 'protobuf'; readonly data: Uint8Array };

export type DownstreamMessage =
  | {
      readonly kind: 'ack';
      readonly ackId: number;
      readonly success: boolean;
      readonly error?: { readonly name: string; readonly message: string };
    }
  | ({ readonly kind: 'groupData'; readonly group: string; readonly sequenceId?: number } & DownstreamData)
  | ({ readonly kind: 'serverData'; readonly sequenceId?: number } & DownstreamData)
  | {
      readonly kind: 'connected';
      readonly connectionId: string;
      readonly userId: string;
      readonly reconnectionToken: string;
    }
  | { readonly kind: 'disconnected'; readonly message: string }
  | { readonly kind: 'pong' };

/** Fields of `UpstreamMessage`. */
const UP = { sendToGroup: 1, event: 5, joinGroup: 6, leaveGroup: 7, sequenceAck: 8, ping: 9 } as const;

const utf8 = new TextEncoder();

/** Names of workers in UTF-8, since every chunk carries one. */
const names = new Map<string, Uint8Array>();
const MAX_NAMES = 256;

function encodedName(name: string): Uint8Array {
  const existing = names.get(name);
  if (existing !== undefined) return existing;
  const made = utf8.encode(name);
  if (names.size < MAX_NAMES) names.set(name, made);
  return made;
}

const writer = new ProtobufWriter();

/** Returns the message in memory that the next one uses again. */
export function writeUpstream(message: UpstreamMessage): Uint8Array<ArrayBuffer> {
  writer.begin();
  // From the last field to the first.
  switch (message.kind) {
    case 'sendEvent':
      writer.varint(3, message.ackId);
      writeData(2, message.data);
      writer.bytes(1, encodedName(message.event));
      writer.wrap(UP.event, 0);
      break;
    case 'sendToGroup':
      if (message.noEcho) writer.varint(4, 1);
      writeData(3, message.data);
      writer.varint(2, message.ackId);
      writer.bytes(1, utf8.encode(message.group));
      writer.wrap(UP.sendToGroup, 0);
      break;
    case 'joinGroup':
    case 'leaveGroup':
      writer.varint(2, message.ackId);
      writer.bytes(1, utf8.encode(message.group));
      writer.wrap(UP[message.kind], 0);
      break;
    case 'sequenceAck':
      writer.varint(1, message.sequenceId);
      writer.wrap(UP.sequenceAck, 0);
      break;
    case 'ping':
      writer.wrap(UP.ping, 0);
      break;
  }
  return writer.finish();
}

function writeData(field: number, data: UpstreamData): void {
  const { length } = writer;
  if (data.type === 'binary') writer.bytes(2, data.bytes);
  else writer.bytes(1, utf8.encode(data.text));
  writer.wrap(field, length);
}

/**
 * Reads one message; undefined for a kind that this version does not know.
 * @throws ProtobufError
 */
export function readDownstream(frame: Uint8Array): DownstreamMessage | undefined {
  let message: DownstreamMessage | undefined;
  for (const fields = new ProtobufFields(frame); fields.next(); ) {
    if (fields.number === 1) message = readAck(fields.message());
    else if (fields.number === 2) message = readData(fields.message());
    else if (fields.number === 3) message = readSystem(fields.message());
    else if (fields.number === 4) message = readPong(fields.message());
  }
  return message;
}

function readAck(fields: ProtobufFields): DownstreamMessage {
  let ackId = 0;
  let success = false;
  let error: { name: string; message: string } | undefined;
  while (fields.next()) {
    if (fields.number === 1) ackId = fields.varint();
    else if (fields.number === 2) success = fields.varint() !== 0;
    else if (fields.number === 3) error = readError(fields.message());
  }
  return { kind: 'ack', ackId, success, ...(error === undefined ? {} : { error }) };
}

function readError(fields: ProtobufFields): { name: string; message: string } {
  let name = '';
  let message = '';
  while (fields.next()) {
    if (fields.number === 1) name = fields.text();
    else if (fields.number === 2) message = fields.text();
  }
  return { name, message };
}

/** Omits a `sequenceId` that is not set: the client would take 0 for one it has seen, and drop the message. */
function readData(fields: ProtobufFields): DownstreamMessage {
  let from: 'server' | 'group' | undefined;
  let group = '';
  let data: DownstreamData | undefined;
  let sequenceId: number | undefined;
  while (fields.next()) {
    if (fields.number === 1) from = fields.word(SENDERS);
    else if (fields.number === 2) group = fields.text();
    else if (fields.number === 3) data = readMessageData(fields.message());
    else if (fields.number === 4) sequenceId = fields.varint();
  }
  if (data === undefined) throw new ProtobufError('a data message without data');
  const numbered = sequenceId === undefined ? data : { ...data, sequenceId };
  if (from === 'group') return { kind: 'groupData', group, ...numbered };
  if (from === 'server') return { kind: 'serverData', ...numbered };
  throw new ProtobufError('a data message that is neither from a group nor from the server');
}

const SENDERS = new Map((['server', 'group'] as const).map((name) => [name, utf8.encode(name)]));

function readMessageData(fields: ProtobufFields): DownstreamData | undefined {
  let data: DownstreamData | undefined;
  while (fields.next()) {
    if (fields.number === 1) data = { dataType: 'text', data: fields.text() };
    else if (fields.number === 2) data = { dataType: 'binary', data: fields.bytes() };
    else if (fields.number === 3) data = { dataType: 'protobuf', data: fields.bytes() };
    else if (fields.number === 4) data = { dataType: 'json', data: fields.text() };
  }
  return data;
}

function readSystem(fields: ProtobufFields): DownstreamMessage | undefined {
  let message: DownstreamMessage | undefined;
  while (fields.next()) {
    if (fields.number === 1) message = readConnected(fields.message());
    else if (fields.number === 2) message = readDisconnected(fields.message());
  }
  return message;
}

/** A pong has no fields that mean anything. */
function readPong(_fields: ProtobufFields): DownstreamMessage {
  return { kind: 'pong' };
}

function readConnected(fields: ProtobufFields): DownstreamMessage {
  let connectionId = '';
  let userId = '';
  let reconnectionToken = '';
  while (fields.next()) {
    if (fields.number === 1) connectionId = fields.text();
    else if (fields.number === 2) userId = fields.text();
    else if (fields.number === 3) reconnectionToken = fields.text();
  }
  return { kind: 'connected', connectionId, userId, reconnectionToken };
}

function readDisconnected(fields: ProtobufFields): DownstreamMessage {
  let message = '';
  while (fields.next()) if (fields.number === 2) message = fields.text();
  return { kind: 'disconnected', message };
}
