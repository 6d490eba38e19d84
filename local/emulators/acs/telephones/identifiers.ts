import type { IdentifierJson } from '../../event-grid/incoming-call.ts';

const E164 = /^\+[1-9]\d{1,14}$/;
const ACS_USER = /^8:acs:[0-9a-f-]+_[0-9a-f-]+$/i;
const TEAMS_USER = /^8:orgid:([0-9a-f-]+)$/i;
const TEAMS_APP = /^28:orgid:([0-9a-f-]+)$/i;

/**
 * The identifier model of a phone number (`+14255550123`), or of a raw id (`4:+14255550123`, `8:acs:<resource>_<user>`,
 * `8:orgid:<user>`, `28:orgid:<app>`); undefined for anything else. Raw ids: Microsoft Learn, "Understand identifier
 * types".
 */
export function identifierOf(text: string): IdentifierJson | undefined {
  const number = text.startsWith('4:') ? text.slice(2) : text;
  if (E164.test(number)) {
    return { kind: 'phoneNumber', rawId: `4:${number}`, phoneNumber: { value: number } };
  }
  if (ACS_USER.test(text)) {
    return { kind: 'communicationUser', rawId: text, communicationUser: { id: text } };
  }
  const teamsUser = TEAMS_USER.exec(text)?.[1];
  if (teamsUser !== undefined) {
    const microsoftTeamsUser = { userId: teamsUser, isAnonymous: false, cloud: 'public' };
    return { kind: 'microsoftTeamsUser', rawId: text, microsoftTeamsUser };
  }
  const teamsApp = TEAMS_APP.exec(text)?.[1];
  if (teamsApp !== undefined) {
    return {
      kind: 'microsoftTeamsApp',
      rawId: text,
      microsoftTeamsApp: { appId: teamsApp, cloud: 'public' },
    };
  }
  return undefined;
}

/** The phone number inside a raw id such as `4:+14255550123`, or undefined where the person has none. */
export function phoneNumberOf(identifier: IdentifierJson): string | undefined {
  return identifier.rawId.startsWith('4:') ? identifier.rawId.slice(2) : undefined;
}
