/** What both subprotocols demand of a request. Each breach is a ProtocolViolation with close code 1007. */
import { CloseCode } from '../base/close-codes.ts';
import { ProtocolViolation } from '../hub/client-codec.ts';
import { isEventName, isGroupName } from '../hub/names.ts';
import { type MessageData, type Metadata, type Payload, parseMetadata } from '../hub/payload.ts';

export function violation(rule: string): ProtocolViolation {
  return new ProtocolViolation(CloseCode.invalidPayload, rule);
}

export function checkedGroup(group: string): string {
  if (!isGroupName(group))
    throw violation('Invalid group name. It has 1 to 1024 characters, not only white space.');
  return group;
}

export function checkedEvent(name: string): string {
  if (isEventName(name)) return name;
  throw violation(
    'Invalid event name. It has 1 to 128 letters, digits, _, . and -, and begins with a letter.',
  );
}

export function checkedMetadata(given: unknown): Metadata {
  const metadata = parseMetadata(given);
  if (typeof metadata === 'string') throw violation(metadata);
  return metadata;
}

/** A message may have metadata alone. */
export function messageOf(payload: Payload | undefined, metadata: Metadata | undefined): MessageData {
  if (metadata !== undefined) return { payload: payload ?? { dataType: 'text', text: '' }, metadata };
  if (payload === undefined) throw violation("'data' is missing");
  return { payload };
}
