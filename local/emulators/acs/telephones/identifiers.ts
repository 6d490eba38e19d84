import type { IdentifierJson } from '../../event-grid/incoming-call.ts';

const E164 = /^\+[1-9]\d{1,14}$/;
const ID = '[0-9a-fA-F-]+';

/** The member of the model that the kind names, of what follows the prefix. */
type Describe = (id: string, rawId: string) => Readonly<Record<string, object>>;

const number =
  (isAnonymous: boolean): Describe =>
  (value) => {
    const [, assertedId] = value.split('_');
    if (!isAnonymous && assertedId === undefined) return { phoneNumber: { value } };
    return { phoneNumber: { value, isAnonymous, ...(assertedId !== undefined && { assertedId }) } };
  };

/** Three ids are a Teams user whom an application of ACS acts for. */
const user =
  (cloud: string): Describe =>
  (ids, rawId) => {
    const [resourceId, tenantId, userId] = ids.split('_');
    if (userId === undefined) return { communicationUser: { id: rawId } };
    return { teamsExtensionUser: { userId, tenantId, resourceId, cloud } };
  };

const teamsUser =
  (cloud: string, isAnonymous = false): Describe =>
  (userId) => ({
    microsoftTeamsUser: { userId, isAnonymous, cloud },
  });

const teamsApp =
  (cloud: string): Describe =>
  (appId) => ({ microsoftTeamsApp: { appId, cloud } });

/** Raw ids: the prefix, what follows it, an example. Microsoft Learn, "Understand identifier types". */
const FORMS: readonly (readonly [prefix: string, rest: string, shown: string, describe: Describe])[] = [
  ['4:', 'anonymous', 'anonymous', number(true)],
  ['4:', String.raw`\+[1-9]\d{1,14}(_[A-Za-z0-9-]+)?`, '+14255550123 or 4:+14255550123_…', number(false)],
  ['8:acs:', `${ID}(_${ID}){1,2}`, '…_…', user('public')],
  ['8:gcch-acs:', `${ID}(_${ID}){1,2}`, '…_…', user('gcch')],
  ['8:dod-acs:', `${ID}(_${ID}){1,2}`, '…_…', user('dod')],
  ['8:spool:', `${ID}_${ID}`, '…_…', user('public')],
  ['8:orgid:', ID, '…', teamsUser('public')],
  ['8:gcch:', ID, '…', teamsUser('gcch')],
  ['8:dod:', ID, '…', teamsUser('dod')],
  ['8:teamsvisitor:', ID, '…', teamsUser('public', true)],
  ['28:orgid:', ID, '…', teamsApp('public')],
  ['28:gcch:', ID, '…', teamsApp('gcch')],
  ['28:dod:', ID, '…', teamsApp('dod')],
  // Bots and the like, which the SDKs call unknown: a raw id and nothing else.
  ['28:', '[A-Za-z0-9-]+', '…', () => ({})],
];

const PATTERNS = FORMS.map(([prefix, rest, , describe]) => ({
  prefix,
  pattern: new RegExp(`^${prefix}${rest}$`),
  describe,
}));

/** What `identifierOf` takes, to follow "must be". */
export const IDENTIFIER_RULE = `a telephone number in E.164 such as +14255550123, or a raw id, with ids such as GUIDs for …: ${FORMS.map(
  ([prefix, , shown]) => prefix + shown,
).join(', ')}`;

/** The identifier model of a phone number (`+14255550123`) or of a raw id; undefined for anything else. */
export function identifierOf(text: string): IdentifierJson | undefined {
  const rawId = E164.test(text) ? `4:${text}` : text;
  const form = PATTERNS.find(({ pattern }) => pattern.test(rawId));
  if (form === undefined) return undefined;
  const model = form.describe(rawId.slice(form.prefix.length), rawId);
  return { kind: Object.keys(model)[0] ?? 'unknown', rawId, ...model };
}

/** The phone number inside a raw id such as `4:+14255550123`, or undefined where the person has none. */
export function phoneNumberOf(identifier: IdentifierJson): string | undefined {
  return identifier.rawId.startsWith('4:') ? identifier.rawId.slice(2) : undefined;
}
