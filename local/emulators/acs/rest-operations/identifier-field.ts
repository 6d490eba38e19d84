import type { IdentifierJson } from '../../event-grid/incoming-call.ts';
import { type Fields, invalid } from '../http/fields.ts';
import { identifierOf } from '../telephones/identifiers.ts';

/**
 * A `CommunicationIdentifier` of a request, with or without its `rawId`; undefined where it is absent.
 * @throws RefusedError 400 8523 for one that names nobody
 */
export function readIdentifier(fields: Fields, name: string): IdentifierJson | undefined {
  const model = fields.object(name);
  return model === undefined ? undefined : toIdentifier(model, name);
}

/** As `readIdentifier`, for what must be there. */
export function requireIdentifier(fields: Fields, name: string): IdentifierJson {
  const identifier = readIdentifier(fields, name);
  if (identifier === undefined) throw invalid(`The field ${name} is required.`);
  return identifier;
}

/** An array of at least one identifier; nobody may be named twice. @throws RefusedError 400 8523 */
export function readIdentifiers(fields: Fields, name: string): readonly IdentifierJson[] {
  const identifiers = fields.objects(name).map((model, index) => toIdentifier(model, `${name}[${index}]`));
  if (identifiers.length === 0) throw invalid(`The field ${name} must name at least one participant.`);
  const rawIds = new Set(identifiers.map(({ rawId }) => rawId));
  if (rawIds.size < identifiers.length) throw invalid(`The field ${name} names somebody twice.`);
  return identifiers;
}

/** `PhoneNumberIdentifier`: the number in E.164. @throws RefusedError 400 8523 */
export function readPhoneNumber(fields: Fields, name: string): string | undefined {
  const value = fields.object(name)?.text('value');
  if (value === undefined) return undefined;
  if (!value.startsWith('+') || identifierOf(value) === undefined) {
    throw invalid(`The field ${name}.value must be a phone number in E.164, such as +14255550123.`);
  }
  return value;
}

function toIdentifier(model: Fields, path: string): IdentifierJson {
  const teamsUser = model.object('microsoftTeamsUser')?.text('userId');
  const teamsApp = model.object('microsoftTeamsApp')?.text('appId');
  const rawId =
    model.optionalText('rawId') ??
    model.object('phoneNumber')?.text('value') ??
    model.object('communicationUser')?.text('id') ??
    (teamsUser === undefined ? undefined : `8:orgid:${teamsUser}`) ??
    (teamsApp === undefined ? undefined : `28:orgid:${teamsApp}`);
  const identifier = rawId === undefined ? undefined : identifierOf(rawId);
  if (identifier !== undefined) return identifier;
  throw invalid(
    `The field ${path} must be a phone number in E.164, or a user or app with a raw id such as 8:acs:…, 8:orgid:… or 28:orgid:….`,
  );
}
