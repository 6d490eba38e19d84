import { CloseCode } from '../base/close-codes.ts';
import { MESSAGE_TTL_MAX_SECONDS } from '../base/limits.ts';
import type { AckId } from '../hub/ack-ledger.ts';
import { type ClientRequest, ProtocolViolation } from '../hub/client-codec.ts';
import { parseMetadata } from '../hub/metadata.ts';
import { isGroupName } from '../hub/names.ts';
import type { MessageData, Payload } from '../hub/payload.ts';
import { isAny } from './protobuf-any.ts';
import { MalformedProtobuf, ProtobufReader } from './protobuf-reader.ts';

/** Fields of `UpstreamMessage`, of which exactly one is set. */
const SEND_TO_GROUP = 1;
const EVENT = 5;
const JOIN_GROUP = 6;
const LEAVE_GROUP = 7;
const SEQUENCE_ACK = 8;
const PING = 9;
const MEMBERS: ReadonlySet<number> = new Set([
  SEND_TO_GROUP,
  EVENT,
  JOIN_GROUP,
  LEAVE_GROUP,
  SEQUENCE_ACK,
  PING,
]);

/**
 * Reads one `UpstreamMessage` of the protobuf subprotocols. Where a message sets a oneof more than once the last one counts.
 * @throws ProtocolViolation with close code 1007
 */
export function parseProtobufRequest(bytes: Uint8Array): ClientRequest {
  try {
    return upstreamMessage(bytes);
  } catch (error) {
    if (error instanceof MalformedProtobuf) throw invalid(`the message is not protobuf: ${error.message}`);
    throw error;
  }
}

function upstreamMessage(bytes: Uint8Array): ClientRequest {
  const reader = new ProtobufReader(bytes);
  let request: ClientRequest | undefined;
  let unknown: number | undefined;
  for (let field = reader.nextField(); field !== undefined; field = reader.nextField()) {
    if (MEMBERS.has(field)) {
      request = member(field, reader.bytes());
    } else {
      reader.skip();
      unknown = field;
    }
  }
  if (request !== undefined) return request;
  throw invalid(unknown === undefined ? 'the message is empty' : `unknown message ${unknown}`);
}

function member(field: number, body: Uint8Array): ClientRequest {
  switch (field) {
    case SEND_TO_GROUP:
      return sendToGroup(body);
    case EVENT:
      return event(body);
    case JOIN_GROUP:
      return { type: 'joinGroup', ...membership(body) };
    case LEAVE_GROUP:
      return { type: 'leaveGroup', ...membership(body) };
    case SEQUENCE_ACK:
      return { type: 'sequenceAck', sequenceId: sequenceId(body) };
    case PING:
      return ping(body);
    default:
      throw new Error(`UpstreamMessage has no member ${field}`);
  }
}

function ping(body: Uint8Array): ClientRequest {
  const reader = new ProtobufReader(body);
  while (reader.nextField() !== undefined) reader.skip();
  return { type: 'ping' };
}

function sendToGroup(bytes: Uint8Array): ClientRequest {
  const reader = new ProtobufReader(bytes);
  let group = '';
  let ackId: AckId | undefined;
  let payload: Payload | undefined;
  let noEcho = false;
  let ttlSeconds: number | undefined;
  const metadata = new Map<string, string>();
  for (let field = reader.nextField(); field !== undefined; field = reader.nextField()) {
    if (field === 1) group = reader.string();
    else if (field === 2) ackId = reader.uint64();
    else if (field === 3) payload = messageData(reader.bytes());
    else if (field === 4) noEcho = reader.bool();
    else if (field === 5) ttlSeconds = checkedTtl(reader.uint32());
    else if (field === 6) metadata.set(...metadataEntry(reader.bytes()));
    else if (field === 7) throw invalid("not supported by this stand-in: 'stream' of sendToGroup");
    else reader.skip();
  }
  const data = dataOf(payload, metadata);
  return {
    type: 'sendToGroup',
    group: groupName(group),
    data: ttlSeconds === undefined ? data : { ...data, ttlSeconds },
    noEcho,
    ...(ackId === undefined ? {} : { ackId }),
  };
}

function event(bytes: Uint8Array): ClientRequest {
  const reader = new ProtobufReader(bytes);
  let name = '';
  let ackId: AckId | undefined;
  let payload: Payload | undefined;
  const metadata = new Map<string, string>();
  for (let field = reader.nextField(); field !== undefined; field = reader.nextField()) {
    if (field === 1) name = reader.string();
    else if (field === 2) payload = messageData(reader.bytes());
    else if (field === 3) ackId = reader.uint64();
    else if (field === 4) metadata.set(...metadataEntry(reader.bytes()));
    else if (field === 5) throw invalid("not supported by this stand-in: 'stream' of an event");
    else reader.skip();
  }
  if (name === '') throw invalid("'event' must not be empty");
  const data = dataOf(payload, metadata);
  return { type: 'event', event: name, data, ...(ackId === undefined ? {} : { ackId }) };
}

function membership(bytes: Uint8Array): { group: string; ackId?: AckId } {
  const reader = new ProtobufReader(bytes);
  let group = '';
  let ackId: AckId | undefined;
  for (let field = reader.nextField(); field !== undefined; field = reader.nextField()) {
    if (field === 1) group = reader.string();
    else if (field === 2) ackId = reader.uint64();
    else reader.skip();
  }
  return { group: groupName(group), ...(ackId === undefined ? {} : { ackId }) };
}

function sequenceId(bytes: Uint8Array): number {
  const reader = new ProtobufReader(bytes);
  let id = 0;
  for (let field = reader.nextField(); field !== undefined; field = reader.nextField()) {
    if (field === 1) id = Number(reader.uint64());
    else reader.skip();
  }
  return id;
}

/** `MessageData`; undefined when its oneof is not set. */
function messageData(bytes: Uint8Array): Payload | undefined {
  const reader = new ProtobufReader(bytes);
  let payload: Payload | undefined;
  for (let field = reader.nextField(); field !== undefined; field = reader.nextField()) {
    if (field === 1) payload = { dataType: 'text', text: reader.string() };
    else if (field === 2) payload = { dataType: 'binary', bytes: reader.bytes() };
    else if (field === 3) payload = anyPayload(reader.bytes());
    else if (field === 4) payload = jsonPayload(reader.string());
    else reader.skip();
  }
  return payload;
}

function anyPayload(bytes: Uint8Array): Payload {
  if (!isAny(bytes)) throw invalid("'protobuf_data' is not a google.protobuf.Any");
  return { dataType: 'protobuf', bytes };
}

function jsonPayload(json: string): Payload {
  try {
    JSON.parse(json);
  } catch {
    throw invalid("'json_data' is not JSON");
  }
  return { dataType: 'json', json };
}

/** An entry of a map is a message of two fields, the key and the value. */
function metadataEntry(bytes: Uint8Array): [string, string] {
  const reader = new ProtobufReader(bytes);
  let key = '';
  let value = '';
  for (let field = reader.nextField(); field !== undefined; field = reader.nextField()) {
    if (field === 1) key = reader.string();
    else if (field === 2) value = reader.string();
    else reader.skip();
  }
  return [key, value];
}

function dataOf(payload: Payload | undefined, entries: ReadonlyMap<string, string>): MessageData {
  if (entries.size === 0) {
    if (payload === undefined) throw invalid("'data' is missing");
    return { payload };
  }
  const metadata = parseMetadata(Object.fromEntries(entries));
  if (typeof metadata === 'string') throw invalid(metadata);
  return { payload: payload ?? { dataType: 'text', text: '' }, metadata };
}

function groupName(group: string): string {
  if (!isGroupName(group)) throw invalid("'group' is not a valid group name");
  return group;
}

function checkedTtl(seconds: number): number {
  if (seconds <= MESSAGE_TTL_MAX_SECONDS) return seconds;
  throw invalid(`'ttl_seconds' must be an integer from 0 to ${MESSAGE_TTL_MAX_SECONDS}`);
}

function invalid(rule: string): ProtocolViolation {
  return new ProtocolViolation(CloseCode.invalidPayload, rule);
}
