/** What both subprotocols demand of a request. Each breach is a ProtocolViolation with close code 1007. */
import { CloseCode } from '../base/close-codes.ts';
import { ProtocolViolation } from '../hub/client-codec.ts';
import { isGroupName } from '../hub/names.ts';
import { type MessageData, type Metadata, type Payload, parseMetadata } from '../hub/payload.ts';

export function invalid(rule: string): ProtocolViolation {
  return new ProtocolViolation(CloseCode.invalidPayload, rule);
}

export function checkedGroup(group: string): string {
  if (!isGroupName(group)) throw invalid("'group' is not a valid group name");
  return group;
}

export function checkedMetadata(given: unknown): Metadata {
  const metadata = parseMetadata(given);
  if (typeof metadata === 'string') throw invalid(metadata);
  return metadata;
}

/** A message may have metadata alone. */
export function messageOf(payload: Payload | undefined, metadata: Metadata | undefined): MessageData {
  if (metadata !== undefined) return { payload: payload ?? { dataType: 'text', text: '' }, metadata };
  if (payload === undefined) throw invalid("'data' is missing");
  return { payload };
}
