import type { PlaceRequest } from '../exchange/dialer.ts';
import { type Fields, invalid } from '../http/fields.ts';
import { identifierOf, phoneNumberOf } from '../telephones/identifiers.ts';
import { MAX_INVITATIONS } from '../telephones/invitations.ts';
import { readCallSetup } from './call-setup.ts';
import { readIdentifiers, readPhoneNumber } from './request-fields.ts';

/**
 * `CreateCallRequest`, of one target or several. Without `source` the application calls under an identity of its own.
 * @throws RefusedError 400 8523
 */
export function parseCreateCallRequest(fields: Fields, apiVersion: string, ownUserId: string): PlaceRequest {
  const targets = readIdentifiers(fields, 'targets');
  if (targets.length > MAX_INVITATIONS)
    throw invalid(`The field targets must not name more than ${MAX_INVITATIONS} participants.`);
  const sourceCallerIdNumber = readPhoneNumber(fields, 'sourceCallerIdNumber');
  if (sourceCallerIdNumber === undefined && targets.some((target) => phoneNumberOf(target) !== undefined))
    throw invalid('The field sourceCallerIdNumber is required to call a phone number.');
  const sourceDisplayName = fields.optionalText('sourceDisplayName');
  const teamsApp = fields.object('teamsAppSource')?.text('appId');
  const sourceId =
    fields.object('source')?.text('id') ?? (teamsApp === undefined ? ownUserId : `28:orgid:${teamsApp}`);
  const source = identifierOf(sourceId);
  if (source === undefined) throw invalid('The field source.id must be a user such as 8:acs:….');
  const from = sourceCallerIdNumber === undefined ? source : identifierOf(sourceCallerIdNumber);
  return {
    source,
    targets,
    sourceCallerIdNumber,
    sourceDisplayName,
    answer: readCallSetup(fields, apiVersion),
    invites: targets.map((identifier) => ({
      identifier,
      from,
      displayName: sourceDisplayName,
      sipHeaders: {},
      voipHeaders: {},
    })),
  };
}
