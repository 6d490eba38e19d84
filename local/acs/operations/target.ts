import type { Fields } from '../rest/fields.ts';
import { invalid } from '../rest/fields.ts';

/** Members of an identifier that hold an id of their own, beside `rawId`. */
const MEMBERS = [
  ['phoneNumber', 'value', (value: string) => `4:${value}`],
  ['communicationUser', 'id', (id: string) => id],
  ['microsoftTeamsUser', 'userId', (userId: string) => `8:orgid:${userId}`],
  ['microsoftTeamsApp', 'appId', (appId: string) => `28:orgid:${appId}`],
] as const;

/** The raw id of a `CommunicationIdentifier`, which may name it or only the number or id inside. @throws RefusedError 400 8523 */
export function rawIdOf(identifier: Fields): string {
  identifier.optionalText('kind');
  const rawId = identifier.optionalText('rawId');
  if (rawId !== undefined && rawId !== '') return rawId;
  for (const [member, id, toRawId] of MEMBERS) {
    const value = identifier.object(member)?.text(id);
    if (value !== undefined) return toRawId(value);
  }
  throw invalid('An identifier must have a rawId, a phoneNumber, a communicationUser or a Teams identity.');
}

/** @throws RefusedError 400 8523 */
export function readTarget(fields: Fields): string {
  const target = fields.object('targetParticipant');
  if (target === undefined) throw invalid('The field targetParticipant is required.');
  return rawIdOf(target);
}
