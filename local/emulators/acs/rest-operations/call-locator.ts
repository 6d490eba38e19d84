import { type Fields, invalid } from '../http/fields.ts';
import type { CallLocation } from '../room/rooms.ts';

const ID_FIELDS = {
  serverCallLocator: 'serverCallId',
  groupCallLocator: 'groupCallId',
  roomCallLocator: 'roomId',
} as const;

const KINDS = ['serverCallLocator', 'groupCallLocator', 'roomCallLocator'] as const;

/** `CallLocator`; without a kind, the one whose id is given. @throws RefusedError 400 8523 */
export function readCallLocation(fields: Fields): CallLocation {
  const kind = fields.oneOf('kind', KINDS) ?? KINDS.find((each) => fields.has(ID_FIELDS[each]));
  if (kind === undefined) {
    throw invalid('The field callLocator must have one of serverCallId, groupCallId and roomId.');
  }
  return { kind, id: fields.text(ID_FIELDS[kind]) };
}
