/** Settings that control app and relay share. `docs/settings.md` lists all settings; a test compares. */
import * as z from 'zod';
import type { SettingsReader } from '../base/settings.ts';
import { TICKET_KEY_MIN_BYTES } from '../wire/signed/ticket.ts';
import { endpoint, setting } from './values.ts';
import { WEB_PUBSUB_CONNECTION_STRING } from './web-pubsub-setting.ts';

export const ticketKey = z
  .string()
  .refine(
    (text) => new TextEncoder().encode(text).length >= TICKET_KEY_MIN_BYTES,
    `must have at least ${TICKET_KEY_MIN_BYTES} bytes`,
  );

export const COMMON_SETTINGS = {
  ACS_TOKEN_AUDIENCE: setting({
    what: 'The immutable resource id of the Communication Services resource, which is the audience of the tokens of ACS.',
    where: 'az communication show --query immutableResourceId (a GUID, not the ARM path).',
    example: '33333333-3333-3333-3333-333333333333',
    schema: z.string(),
  }),
  ACS_TOKEN_ISSUER: setting({
    what: 'The issuer of the tokens on callbacks and media sockets.',
    where: 'Leave it unset on Azure.',
    example: 'https://acscallautomation.communication.azure.com',
    schema: z.string(),
    default: 'https://acscallautomation.communication.azure.com',
  }),
  ACS_JWKS_URL: setting({
    what: 'The address of the public keys that verify these tokens.',
    where: 'Leave it unset on Azure.',
    example: 'https://acscallautomation.communication.azure.com/calling/keys',
    schema: endpoint('https:'),
    default: 'https://acscallautomation.communication.azure.com/calling/keys',
  }),
  RELAY_TICKET_KEY: setting({
    what: 'The secret with which the control app seals tickets and the relay opens them. Both sign and seal what they send each other with it.',
    where: 'Generate it, the same for both: openssl rand -base64 48',
    example: '<at least 32 random bytes>',
    schema: ticketKey,
  }),
  RELAY_TICKET_KEY_PREVIOUS: setting({
    what: 'The previous ticket key, still accepted while calls with old tickets last.',
    where:
      'The old value of RELAY_TICKET_KEY. Remove it MAX_CALL_MINUTES after all instances have the new key: no ticket lasts longer.',
    example: '<at least 32 random bytes>',
    schema: ticketKey,
    optional: true,
  }),
  WEB_PUBSUB_CONNECTION_STRING,
} as const;

const S = COMMON_SETTINGS;

export interface AcsTokenConfig {
  readonly audience: string;
  readonly issuer: string;
  readonly jwksUrl: string;
}

export function readAcsTokens(settings: SettingsReader): AcsTokenConfig {
  return {
    audience: settings.read('ACS_TOKEN_AUDIENCE', S.ACS_TOKEN_AUDIENCE),
    issuer: settings.read('ACS_TOKEN_ISSUER', S.ACS_TOKEN_ISSUER),
    jwksUrl: settings.read('ACS_JWKS_URL', S.ACS_JWKS_URL),
  };
}

/** The ticket keys as `refuseGuessable` takes them. */
export function secretsOfTickets(keys: readonly [string | undefined, ...string[]]) {
  const [current, previous] = keys;
  return [
    { name: 'RELAY_TICKET_KEY', setting: S.RELAY_TICKET_KEY, value: current },
    { name: 'RELAY_TICKET_KEY_PREVIOUS', setting: S.RELAY_TICKET_KEY_PREVIOUS, value: previous },
  ];
}

/** The current ticket key first, then the previous one, if there is one. */
export function readTicketKeys(settings: SettingsReader): readonly [string, ...string[]] {
  const current = settings.read('RELAY_TICKET_KEY', S.RELAY_TICKET_KEY);
  const previous = settings.readOptional('RELAY_TICKET_KEY_PREVIOUS', S.RELAY_TICKET_KEY_PREVIOUS);
  return previous === undefined ? [current] : [current, previous];
}
