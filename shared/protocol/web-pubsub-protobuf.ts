/**
 * The messages of the subprotocols `protobuf.webpubsub.azure.v1` and `protobuf.reliable.webpubsub.azure.v1` of Azure Web
 * PubSub, as a client writes and reads them. One binary WebSocket frame carries one message. Messages are named as in
 * Microsoft's client (`kind`), which takes this codec as its protocol.
 *
 * Written by hand: a message of audio is written in one allocation and read without copying its audio, which a general
 * library does at many times the cost.
 */

import { BYTES, ProtobufError, ProtobufFields, VARINT } from './protobuf-fields.ts';

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
  /** JSON travels as text too: a service of any version knows `text_data`, and only newer ones `json_data`. */
  | { readonly type: 'text'; readonly text: string };

export type DownstreamData =
  | { readonly dataType: 'text'; readonly data: string }
  /** The text of a JSON value: whoever wants the value parses it. */
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

/** Names of workers, which come with every chunk. */
const names = new Map<string, Uint8Array>();
const MAX_NAMES = 256;

function encodedName(name: string): Uint8Array {
  const existing = names.get(name);
  if (existing !== undefined) return existing;
  const made = utf8.encode(name);
  if (names.size < MAX_NAMES) names.set(name, made);
  return made;
}

export function writeUpstream(message: UpstreamMessage): Uint8Array<ArrayBuffer> {
  switch (message.kind) {
    case 'sendEvent':
      return write(UP.event, [
        [1, encodedName(message.event)],
        [2, dataField(message.data)],
        [3, message.ackId],
      ]);
    case 'sendToGroup':
      return write(UP.sendToGroup, [
        [1, utf8.encode(message.group)],
        [2, message.ackId],
        [3, dataField(message.data)],
        [4, message.noEcho ? 1 : undefined],
      ]);
    case 'joinGroup':
    case 'leaveGroup':
      return write(UP[message.kind], [
        [1, utf8.encode(message.group)],
        [2, message.ackId],
      ]);
    case 'sequenceAck':
      return write(UP.sequenceAck, [[1, message.sequenceId]]);
    case 'ping':
      return write(UP.ping, []);
  }
}

/**
 * Reads one message; undefined for a kind that this version does not know.
 * @throws ProtobufError
 */
export function readDownstream(frame: Uint8Array): DownstreamMessage | undefined {
  let message: DownstreamMessage | undefined;
  for (const fields = new ProtobufFields(frame); fields.next(); ) {
    if (fields.number === 1) message = readAck(fields.bytes());
    else if (fields.number === 2) message = readData(fields.bytes());
    else if (fields.number === 3) message = readSystem(fields.bytes());
    else if (fields.number === 4) message = readPong(fields.bytes());
  }
  return message;
}

/** A nested message that holds one field of bytes, named without writing it yet: its bytes are copied once. */
interface Nested {
  readonly field: number;
  readonly bytes: Uint8Array;
}

type FieldValue = Uint8Array | Nested | number | undefined;

function dataField(data: UpstreamData): Nested {
  return data.type === 'binary'
    ? { field: 2, bytes: data.bytes }
    : { field: 1, bytes: utf8.encode(data.text) };
}

function write(kind: number, fields: readonly (readonly [number, FieldValue])[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const [, value] of fields) length += fieldSize(value);
  const bytes = new Uint8Array(1 + varintSize(length) + length);
  let at = writeVarint(bytes, 0, kind * 8 + BYTES);
  at = writeVarint(bytes, at, length);
  for (const [field, value] of fields) at = writeField(bytes, at, field, value);
  return bytes;
}

/** Every field number is below 16, so that its tag is one byte. */
function fieldSize(value: FieldValue): number {
  if (value === undefined) return 0;
  if (typeof value === 'number') return 1 + varintSize(value);
  const inner = value instanceof Uint8Array ? value.byteLength : fieldSize(value.bytes);
  return 1 + varintSize(inner) + inner;
}

function writeField(into: Uint8Array, start: number, field: number, value: FieldValue): number {
  if (value === undefined) return start;
  if (typeof value === 'number')
    return writeVarint(into, writeVarint(into, start, field * 8 + VARINT), value);
  let at = writeVarint(into, start, field * 8 + BYTES);
  if (!(value instanceof Uint8Array)) {
    at = writeVarint(into, at, fieldSize(value.bytes));
    return writeField(into, at, value.field, value.bytes);
  }
  at = writeVarint(into, at, value.byteLength);
  into.set(value, at);
  return at + value.byteLength;
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) size += 1;
  return size;
}

function writeVarint(into: Uint8Array, start: number, value: number): number {
  let at = start;
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) {
    into[at] = (rest % 0x80) | 0x80;
    at += 1;
  }
  into[at] = rest;
  return at + 1;
}

function readAck(bytes: Uint8Array): DownstreamMessage {
  let ackId = 0;
  let success = false;
  let error: { name: string; message: string } | undefined;
  for (const fields = new ProtobufFields(bytes); fields.next(); ) {
    if (fields.number === 1) ackId = fields.varint();
    else if (fields.number === 2) success = fields.varint() !== 0;
    else if (fields.number === 3) error = readError(fields.bytes());
  }
  return { kind: 'ack', ackId, success, ...(error === undefined ? {} : { error }) };
}

function readError(bytes: Uint8Array): { name: string; message: string } {
  let name = '';
  let message = '';
  for (const fields = new ProtobufFields(bytes); fields.next(); ) {
    if (fields.number === 1) name = fields.text();
    else if (fields.number === 2) message = fields.text();
  }
  return { name, message };
}

/** `sequenceId` stays absent when it is not set: the client takes 0 for one that it has seen, and drops the message. */
function readData(bytes: Uint8Array): DownstreamMessage {
  let from = '';
  let group = '';
  let data: DownstreamData | undefined;
  let sequenceId: number | undefined;
  for (const fields = new ProtobufFields(bytes); fields.next(); ) {
    if (fields.number === 1) from = senderOf(fields.bytes());
    else if (fields.number === 2) group = fields.text();
    else if (fields.number === 3) data = readMessageData(fields.bytes());
    else if (fields.number === 4) sequenceId = fields.varint();
  }
  if (data === undefined) throw new ProtobufError('a data message without data');
  const numbered = sequenceId === undefined ? data : { ...data, sequenceId };
  if (from === 'group') return { kind: 'groupData', group, ...numbered };
  if (from === 'server') return { kind: 'serverData', ...numbered };
  throw new ProtobufError('a data message that is neither from a group nor from the server');
}

/** Without a text decoder for those who do send, since this comes with every message. */
function senderOf(bytes: Uint8Array): string {
  return SENDERS.find(({ code }) => isSame(code, bytes))?.name ?? '';
}

const SENDERS = ['server', 'group'].map((name) => ({ name, code: utf8.encode(name) }));

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, at) => b[at] === byte);
}

function readMessageData(bytes: Uint8Array): DownstreamData | undefined {
  let data: DownstreamData | undefined;
  for (const fields = new ProtobufFields(bytes); fields.next(); ) {
    if (fields.number === 1) data = { dataType: 'text', data: fields.text() };
    else if (fields.number === 2) data = { dataType: 'binary', data: fields.bytes() };
    else if (fields.number === 3) data = { dataType: 'protobuf', data: fields.bytes() };
    else if (fields.number === 4) data = { dataType: 'json', data: fields.text() };
  }
  return data;
}

function readSystem(bytes: Uint8Array): DownstreamMessage | undefined {
  let message: DownstreamMessage | undefined;
  for (const fields = new ProtobufFields(bytes); fields.next(); ) {
    if (fields.number === 1) message = readConnected(fields.bytes());
    else if (fields.number === 2) message = readDisconnected(fields.bytes());
  }
  return message;
}

/** A pong has no fields that mean anything. */
function readPong(_bytes: Uint8Array): DownstreamMessage {
  return { kind: 'pong' };
}

function readConnected(bytes: Uint8Array): DownstreamMessage {
  let connectionId = '';
  let userId = '';
  let reconnectionToken = '';
  for (const fields = new ProtobufFields(bytes); fields.next(); ) {
    if (fields.number === 1) connectionId = fields.text();
    else if (fields.number === 2) userId = fields.text();
    else if (fields.number === 3) reconnectionToken = fields.text();
  }
  return { kind: 'connected', connectionId, userId, reconnectionToken };
}

function readDisconnected(bytes: Uint8Array): DownstreamMessage {
  let message = '';
  for (const fields = new ProtobufFields(bytes); fields.next(); )
    if (fields.number === 2) message = fields.text();
  return { kind: 'disconnected', message };
}
