import { isRecord, requireJson } from '../../common/json.ts';
import { MESSAGE_TTL_MAX_SECONDS } from '../base/limits.ts';
import type { AckId } from '../hub/ack-ledger.ts';
import type { ClientRequest } from '../hub/client-codec.ts';
import type { MessageData, Payload } from '../hub/payload.ts';
import { memberNames, rawMember } from './raw-member.ts';
import { checkedEvent, checkedGroup, checkedMetadata, messageOf, violation } from './request-rules.ts';

type JsonObject = Readonly<Record<string, unknown>>;

const UINT64_MAX = 2n ** 64n - 1n;

/** Message types of the protocol that the emulator has not learned. */
const NOT_SUPPORTED: ReadonlySet<string> = new Set([
  'invoke',
  'cancelinvocation',
  'streamdata',
  'streamend',
  'setgroupstate',
  'subscribegroupstate',
  'unsubscribegroupstate',
]);

/**
 * Reads one message of the JSON subprotocols.
 * `type` and `dataType` are matched without regard to case; `dataType` is `json` when absent.
 * @throws ProtocolViolation with close code 1007
 */
export function parseJsonRequest(text: string): ClientRequest {
  const root = parseObject(text);
  const type = requiredString(root, 'type');
  const ackId = optionalUint64(root, 'ackId', text);
  const acknowledged = ackId === undefined ? {} : { ackId };
  switch (type.toLowerCase()) {
    case 'ping':
      return { type: 'ping' };
    case 'sequenceack': {
      const sequenceId = optionalUint64(root, 'sequenceId', text);
      if (sequenceId === undefined) throw violation("'sequenceId' is missing");
      return { type: 'sequenceAck', sequenceId: Number(sequenceId) };
    }
    case 'joingroup':
      return { type: 'joinGroup', group: checkedGroup(requiredString(root, 'group')), ...acknowledged };
    case 'leavegroup':
      return { type: 'leaveGroup', group: checkedGroup(requiredString(root, 'group')), ...acknowledged };
    case 'sendtogroup':
      if (root['stream'] !== undefined)
        throw violation("not supported by this emulator: 'stream' of sendToGroup");
      return {
        type: 'sendToGroup',
        group: checkedGroup(requiredString(root, 'group')),
        data: withTtl(dataOf(root, text), root),
        noEcho: optionalBoolean(root, 'noEcho'),
        ...acknowledged,
      };
    case 'event':
      return {
        type: 'event',
        event: checkedEvent(requiredString(root, 'event')),
        data: dataOf(root, text),
        ...acknowledged,
      };
    default:
      if (NOT_SUPPORTED.has(type.toLowerCase()))
        throw violation(`not supported by this emulator: type '${type}'`);
      throw violation(`unknown type '${type}'`);
  }
}

function parseObject(text: string): JsonObject {
  const value = requireJson(text, () => violation('the message is not JSON'));
  if (isRecord(value)) return value;
  throw violation('the message is not a JSON object');
}

function requiredString(root: JsonObject, name: string): string {
  const value = root[name];
  if (typeof value !== 'string') throw violation(`'${name}' must be a string`);
  return value;
}

function optionalBoolean(root: JsonObject, name: string): boolean {
  const value = root[name];
  if (value === undefined) return false;
  if (typeof value !== 'boolean') throw violation(`'${name}' must be a boolean`);
  return value;
}

function optionalUint64(root: JsonObject, name: string, text: string): AckId | undefined {
  const value = root[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  // Beyond 2^53 a number is no longer exact, so the digits are read again as they were written.
  const digits = typeof value === 'number' ? rawMember(text, name) : undefined;
  if (digits !== undefined && /^\d{1,20}$/.test(digits)) {
    const exact = BigInt(digits);
    if (exact <= UINT64_MAX) return exact;
  }
  throw violation(`'${name}' must be an unsigned 64-bit integer`);
}

function withTtl(data: MessageData, root: JsonObject): MessageData {
  const ttl = root['ttlSeconds'];
  if (ttl === undefined || ttl === null) return data;
  if (typeof ttl === 'number' && Number.isInteger(ttl) && ttl >= 0 && ttl <= MESSAGE_TTL_MAX_SECONDS)
    return { ...data, ttlSeconds: ttl };
  throw violation(`'ttlSeconds' must be an integer from 0 to ${MESSAGE_TTL_MAX_SECONDS}`);
}

function dataOf(root: JsonObject, text: string): MessageData {
  const given = root['metadata'];
  const metadata = given === undefined || given === null ? undefined : checkedMetadata(given);
  // JSON.parse keeps the last of two members of one name.
  const names = metadata === undefined ? [] : memberNames(rawMember(text, 'metadata') ?? '{}');
  if (new Set(names).size < names.length) throw violation('a metadata key is given twice');
  return messageOf('data' in root ? payloadOf(root, text) : undefined, metadata);
}

function payloadOf(root: JsonObject, text: string): Payload {
  const dataType = 'dataType' in root ? requiredString(root, 'dataType') : 'json';
  const data = root['data'];
  switch (dataType.toLowerCase()) {
    case 'text':
      if (typeof data !== 'string') throw violation("'data' must be a string when 'dataType' is 'text'");
      return { dataType: 'text', text: data };
    case 'binary': {
      const bytes = typeof data === 'string' ? decodeBase64(data) : undefined;
      if (bytes === undefined) throw violation("'data' must be base64 when 'dataType' is 'binary'");
      return { dataType: 'binary', bytes };
    }
    case 'json': {
      if (data === null) throw violation("'data' must not be null");
      return { dataType: 'json', json: rawMember(text, 'data') ?? JSON.stringify(data) };
    }
    default:
      throw violation(`'dataType' must be json, text or binary, not '${dataType}'`);
  }
}

/**
 * Strict base64 (RFC 4648, section 4): padding required, no white space, no URL-safe alphabet.
 * `Buffer.from` skips what it does not know, so a wrong character shows as missing bytes.
 * @returns undefined when the text is not base64
 */
export function decodeBase64(text: string): Buffer | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== (text.length / 4) * 3 - padding) return undefined;
  if (text.includes('-') || text.includes('_')) return undefined;
  return bytes;
}
