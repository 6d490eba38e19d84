import { requireJson } from '../../common/json.ts';
import { MESSAGE_TTL_MAX_SECONDS } from '../base/limits.ts';
import type { AckId } from '../hub/ack-ledger.ts';
import { type ClientRequest, ProtocolViolation } from '../hub/client-codec.ts';
import type { MessageData, Payload } from '../hub/payload.ts';
import {
  bytesTag,
  isAny,
  numberTag,
  type Reader,
  readFields,
  readNested,
  readUint64,
  readUtf8,
} from './protobuf-wire.ts';
import { checkedEvent, checkedGroup, checkedMetadata, messageOf, violation } from './request-rules.ts';

/** Tags of `UpstreamMessage`, of which exactly one is set. */
const SEND_TO_GROUP = bytesTag(1);
const EVENT = bytesTag(5);
const JOIN_GROUP = bytesTag(6);
const LEAVE_GROUP = bytesTag(7);
const SEQUENCE_ACK = bytesTag(8);
const PING = bytesTag(9);

/**
 * Reads one `UpstreamMessage` of the protobuf subprotocols. Where a message sets a oneof more than once the last one
 * counts.
 * @throws ProtocolViolation with close code 1007
 */
export function parseProtobufRequest(bytes: Uint8Array): ClientRequest {
  try {
    return upstreamMessage(bytes);
  } catch (error) {
    if (error instanceof ProtocolViolation || !(error instanceof Error)) throw error;
    throw violation(`the message is not protobuf: ${error.message}`);
  }
}

function upstreamMessage(bytes: Uint8Array): ClientRequest {
  let request: ClientRequest | undefined;
  let unknown: number | undefined;
  readFields(bytes, (tag, reader) => {
    switch (tag) {
      case SEND_TO_GROUP:
        request = sendToGroup(reader);
        return true;
      case EVENT:
        request = event(reader);
        return true;
      case JOIN_GROUP:
        request = { type: 'joinGroup', ...membership(reader) };
        return true;
      case LEAVE_GROUP:
        request = { type: 'leaveGroup', ...membership(reader) };
        return true;
      case SEQUENCE_ACK:
        request = { type: 'sequenceAck', sequenceId: sequenceId(reader) };
        return true;
      case PING:
        readNested(reader, () => false);
        request = { type: 'ping' };
        return true;
      default:
        unknown = tag >>> 3;
        return false;
    }
  });
  if (request !== undefined) return request;
  throw violation(unknown === undefined ? 'the message is empty' : `unknown message ${unknown}`);
}

function sendToGroup(message: Reader): ClientRequest {
  let group = '';
  let ackId: AckId | undefined;
  let payload: Payload | undefined;
  let noEcho = false;
  let ttlSeconds: number | undefined;
  const metadata = new Map<string, string>();
  readNested(message, (tag, reader) => {
    if (tag === bytesTag(1)) group = readUtf8(reader);
    else if (tag === numberTag(2)) ackId = readUint64(reader);
    else if (tag === bytesTag(3)) payload = messageData(reader);
    else if (tag === numberTag(4)) noEcho = reader.bool();
    else if (tag === numberTag(5)) ttlSeconds = checkedTtl(reader.uint32());
    else if (tag === bytesTag(6)) metadata.set(...metadataEntry(reader));
    else if (tag === bytesTag(7)) throw violation("not supported by this emulator: 'stream' of sendToGroup");
    else return false;
    return true;
  });
  const data = dataOf(payload, metadata);
  return {
    type: 'sendToGroup',
    group: checkedGroup(group),
    data: ttlSeconds === undefined ? data : { ...data, ttlSeconds },
    noEcho,
    ...(ackId === undefined ? {} : { ackId }),
  };
}

function event(message: Reader): ClientRequest {
  let name = '';
  let ackId: AckId | undefined;
  let payload: Payload | undefined;
  const metadata = new Map<string, string>();
  readNested(message, (tag, reader) => {
    if (tag === bytesTag(1)) name = readUtf8(reader);
    else if (tag === bytesTag(2)) payload = messageData(reader);
    else if (tag === numberTag(3)) ackId = readUint64(reader);
    else if (tag === bytesTag(4)) metadata.set(...metadataEntry(reader));
    else if (tag === bytesTag(5)) throw violation("not supported by this emulator: 'stream' of an event");
    else return false;
    return true;
  });
  const data = dataOf(payload, metadata);
  return { type: 'event', event: checkedEvent(name), data, ...(ackId === undefined ? {} : { ackId }) };
}

function membership(message: Reader): { group: string; ackId?: AckId } {
  let group = '';
  let ackId: AckId | undefined;
  readNested(message, (tag, reader) => {
    if (tag === bytesTag(1)) group = readUtf8(reader);
    else if (tag === numberTag(2)) ackId = readUint64(reader);
    else return false;
    return true;
  });
  return { group: checkedGroup(group), ...(ackId === undefined ? {} : { ackId }) };
}

function sequenceId(message: Reader): number {
  let id = 0;
  readNested(message, (tag, reader) => {
    if (tag !== numberTag(1)) return false;
    id = Number(readUint64(reader));
    return true;
  });
  return id;
}

/** `MessageData`; undefined when its oneof is not set. */
function messageData(message: Reader): Payload | undefined {
  let payload: Payload | undefined;
  readNested(message, (tag, reader) => {
    if (tag === bytesTag(1)) payload = { dataType: 'text', text: readUtf8(reader) };
    else if (tag === bytesTag(2)) payload = { dataType: 'binary', bytes: reader.bytes() };
    else if (tag === bytesTag(3)) payload = anyPayload(reader.bytes());
    else if (tag === bytesTag(4)) payload = jsonPayload(readUtf8(reader));
    else return false;
    return true;
  });
  return payload;
}

function anyPayload(bytes: Uint8Array): Payload {
  if (!isAny(bytes)) throw violation("'protobuf_data' is not a google.protobuf.Any");
  return { dataType: 'protobuf', bytes };
}

function jsonPayload(json: string): Payload {
  requireJson(json, () => violation("'json_data' is not JSON"));
  return { dataType: 'json', json };
}

/** An entry of a map is a message of two fields, the key and the value. */
function metadataEntry(message: Reader): [string, string] {
  let key = '';
  let value = '';
  readNested(message, (tag, reader) => {
    if (tag === bytesTag(1)) key = readUtf8(reader);
    else if (tag === bytesTag(2)) value = readUtf8(reader);
    else return false;
    return true;
  });
  return [key, value];
}

function dataOf(payload: Payload | undefined, entries: ReadonlyMap<string, string>): MessageData {
  return messageOf(payload, entries.size === 0 ? undefined : checkedMetadata(Object.fromEntries(entries)));
}

function checkedTtl(seconds: number): number {
  if (seconds <= MESSAGE_TTL_MAX_SECONDS) return seconds;
  throw violation(`'ttl_seconds' must be an integer from 0 to ${MESSAGE_TTL_MAX_SECONDS}`);
}
