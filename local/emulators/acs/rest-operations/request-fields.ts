/**
 * Members that several operations have in common. Every reader throws RefusedError 400 8523 for one that does not fit.
 */
import type { IdentifierJson } from '../../event-grid/incoming-call.ts';
import type { ReplyTo } from '../events/callback-event.ts';
import { type Fields, invalid } from '../http/fields.ts';
import type { CallLocation } from '../room/rooms.ts';
import { IDENTIFIER_RULE, identifierOf } from '../telephones/identifiers.ts';
import type { Invite } from '../telephones/invitations.ts';

/** Longest text that the events of an application may repeat. */
const MAX_OPERATION_CONTEXT = 5_000;

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

const LOCATOR_IDS = {
  serverCallLocator: 'serverCallId',
  groupCallLocator: 'groupCallId',
  roomCallLocator: 'roomId',
} as const;
const LOCATORS = ['serverCallLocator', 'groupCallLocator', 'roomCallLocator'] as const;

/** `operationContext` and `operationCallbackUri`. */
export function readReplyTo(fields: Fields): ReplyTo {
  return {
    operationContext: readOperationContext(fields),
    operationCallbackUri: readCallbackUri(fields, 'operationCallbackUri'),
  };
}

export function readOperationContext(fields: Fields): string | undefined {
  const context = fields.optionalText('operationContext');
  if (context !== undefined && context.length > MAX_OPERATION_CONTEXT)
    throw invalid(`The field operationContext must not be longer than ${MAX_OPERATION_CONTEXT} characters.`);
  return context;
}

export function readCallbackUri(fields: Fields, name: string): string | undefined {
  const value = fields.optionalText(name);
  return value === undefined ? undefined : checkCallbackUri(name, value);
}

/** A URI that events may be sent to. The service takes `https` only; the emulator also takes `http` to this machine. */
export function checkCallbackUri(name: string, value: string): string {
  const url = URL.parse(value);
  if (url?.protocol === 'https:') return value;
  if (url?.protocol === 'http:' && LOOPBACK.test(url.hostname)) return value;
  throw invalid(
    `The field ${name} is invalid: it must be an absolute https URI, or http where the host is localhost, 127.0.0.1 or [::1].`,
  );
}

/** `CallLocator`; without a kind, the one whose id is given. */
export function readCallLocation(fields: Fields): CallLocation {
  const kind = fields.oneOf('kind', LOCATORS) ?? LOCATORS.find((each) => fields.has(LOCATOR_IDS[each]));
  if (kind === undefined)
    throw invalid('The field callLocator must have one of serverCallId, groupCallId and roomId.');
  return { kind, id: fields.text(LOCATOR_IDS[kind]) };
}

/** `CustomCallingContext`: headers that the invited telephone or application is shown. */
export function readCallingContext(fields: Fields): Pick<Invite, 'sipHeaders' | 'voipHeaders'> {
  const context = fields.object('customCallingContext');
  return { sipHeaders: context?.texts('sipHeaders') ?? {}, voipHeaders: context?.texts('voipHeaders') ?? {} };
}

/** A `CommunicationIdentifier`, with or without its `rawId`. */
export function readIdentifier(fields: Fields, name: string): IdentifierJson | undefined {
  const model = fields.object(name);
  return model === undefined ? undefined : toIdentifier(model, name);
}

/** As `readIdentifier`; it must be there. */
export function requireIdentifier(fields: Fields, name: string): IdentifierJson {
  const identifier = readIdentifier(fields, name);
  if (identifier === undefined) throw invalid(`The field ${name} is required.`);
  return identifier;
}

/** An array of at least one identifier; nobody may be named twice. */
export function readIdentifiers(fields: Fields, name: string): readonly IdentifierJson[] {
  const identifiers = fields.objects(name).map((model, index) => toIdentifier(model, `${name}[${index}]`));
  if (identifiers.length === 0) throw invalid(`The field ${name} must name at least one participant.`);
  const rawIds = new Set(identifiers.map(({ rawId }) => rawId));
  if (rawIds.size < identifiers.length) throw invalid(`The field ${name} names somebody twice.`);
  return identifiers;
}

/** `PhoneNumberIdentifier`: the number in E.164. */
export function readPhoneNumber(fields: Fields, name: string): string | undefined {
  const value = fields.object(name)?.text('value');
  if (value === undefined) return undefined;
  if (!value.startsWith('+') || identifierOf(value) === undefined)
    throw invalid(`The field ${name}.value must be a phone number in E.164, such as +14255550123.`);
  return value;
}

function toIdentifier(model: Fields, path: string): IdentifierJson {
  const rawId = model.optionalText('rawId') ?? rawIdOf(model);
  const identifier = rawId === undefined ? undefined : identifierOf(rawId);
  if (identifier !== undefined) return identifier;
  throw invalid(`The field ${path} must be ${IDENTIFIER_RULE}; it is ${rawId ?? 'none of them'}.`);
}

/** Of a model without one, as the SDKs make it. */
function rawIdOf(model: Fields): string | undefined {
  const phone = model.object('phoneNumber')?.text('value');
  if (phone !== undefined) return `4:${phone}`;
  const app = model.object('microsoftTeamsApp');
  if (app !== undefined) return `28:${cloudOf(app) ?? 'orgid'}:${app.text('appId')}`;
  const teamsUser = model.object('microsoftTeamsUser');
  if (teamsUser !== undefined) {
    const prefix = teamsUser.flag('isAnonymous', false) ? 'teamsvisitor' : (cloudOf(teamsUser) ?? 'orgid');
    return `8:${prefix}:${teamsUser.text('userId')}`;
  }
  const extension = model.object('teamsExtensionUser');
  if (extension === undefined) return model.object('communicationUser')?.text('id');
  const cloud = cloudOf(extension);
  const ids = ['resourceId', 'tenantId', 'userId'].map((name) => extension.text(name));
  return `8:${cloud === undefined ? 'acs' : `${cloud}-acs`}:${ids.join('_')}`;
}

/** Undefined for the public cloud. */
function cloudOf(model: Fields): string | undefined {
  const cloud = model.oneOf('cloud', ['public', 'dod', 'gcch']);
  return cloud === 'public' ? undefined : cloud;
}
