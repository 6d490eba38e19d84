/** The settings that the control app reads from its environment. */
import * as z from 'zod';
import { PHONE_NUMBER_PATTERN } from '../../../shared/call/party.ts';
import { COMMON_SETTINGS } from '../../../shared/settings/common-settings.ts';
import {
  endpoint,
  jsonText,
  list,
  serviceConnection,
  setting,
  wholeNumber,
} from '../../../shared/settings/values.ts';

/** A telephone number, the beginning of numbers, a raw id or the beginning of raw ids. */
export const DESTINATION_PATTERN = new RegExp(
  `${PHONE_NUMBER_PATTERN.source}|^(?:\\+(?:[1-9]\\d{0,14})?\\*|(?:8|28):[\\w.:-]{1,200}\\*?)$`,
);

export const CONTROL_SETTINGS = {
  ...COMMON_SETTINGS,
  ACS_CONNECTION_STRING: setting({
    what: 'The connection string of Azure Communication Services, with its key.',
    where:
      'Azure portal, the Communication Services resource, Keys. Not needed if you set ACS_ENDPOINT and use the managed identity.',
    example: 'endpoint=https://contoso.communication.azure.com/;accesskey=<base64>',
    schema: serviceConnection,
    optional: true,
  }),
  ACS_ENDPOINT: setting({
    what: 'The address of Azure Communication Services, to use it with the managed identity of the app.',
    where: 'Azure portal, the Communication Services resource, Overview.',
    example: 'https://contoso.communication.azure.com',
    schema: endpoint('https:'),
    optional: true,
  }),
  COGNITIVE_SERVICES_ENDPOINT: setting({
    what: 'The Azure AI services resource with which ACS speaks texts and recognizes speech. Without it ACS only plays files and recognizes keys.',
    where:
      'Azure portal, the Azure AI services resource, Overview. The Communication Services resource must be connected to it.',
    example: 'https://contoso.cognitiveservices.azure.com',
    schema: endpoint('https:'),
    optional: true,
  }),
  PUBLIC_BASE_URL: setting({
    what: 'The public address of the control app, which ACS calls.',
    where: 'The function app, Overview, Default domain. On Azure it defaults to WEBSITE_HOSTNAME.',
    example: 'https://contoso-control.azurewebsites.net',
    schema: endpoint('https:'),
  }),
  RELAY_URL: setting({
    what: 'The public address of the relay, which ACS dials.',
    where: 'The container app of the relay, Overview, Application URL, with wss:// in front.',
    example: 'wss://relay.contoso.azurecontainerapps.io',
    schema: endpoint('wss:'),
  }),
  WORKER_URL: setting({
    what: 'The address of the worker app. The health of the system (getHealth) then includes it; nothing else uses it.',
    where: 'The function app of the workers, Overview, Default domain.',
    example: 'https://contoso-worker.azurewebsites.net',
    schema: endpoint('https:'),
    optional: true,
  }),
  API_AUTH: setting({
    what: 'How callers of the HTTP API authenticate: "function-key", with a key that the Functions host checks, or "entra", with a token of Microsoft Entra ID that has the roles Calls.Read, Calls.Control or Calls.Listen.',
    where: 'You choose; docs/access.md says how to set up Entra ID. The app reads it when it starts.',
    example: 'entra',
    schema: z.enum(['function-key', 'entra'], {
      error: 'must be "function-key" or "entra"',
    }) as z.ZodType<'function-key' | 'entra', string>,
    default: 'function-key',
  }),
  FUNCTION_KEY_LISTENS: setting({
    what: 'Whether function keys have the role Calls.Listen, which opens what was said on calls: "true" or "false". With API_AUTH=entra the roles of the token decide.',
    where: 'You choose. Everybody who has a function key then reads stored transcripts.',
    example: 'true',
    schema: z
      .enum(['true', 'false'], { error: 'must be "true" or "false"' })
      .transform((text) => text === 'true'),
    default: 'false',
  }),
  ENTRA_TENANT_ID: setting({
    what: 'The tenant whose users and programs may use the HTTP API. Required with API_AUTH=entra.',
    where: 'az account show --query tenantId',
    example: '22222222-2222-2222-2222-222222222222',
    schema: z.guid('must be the id of a tenant: a GUID'),
    optional: true,
  }),
  ENTRA_AUDIENCE: setting({
    what: 'The audience that tokens must have: the app registration of the HTTP API. Required with API_AUTH=entra.',
    where:
      'The app registration: its Application (client) ID if it requests version 2 of access tokens, otherwise its Application ID URI.',
    example: 'api://33333333-3333-3333-3333-333333333333',
    schema: z.string(),
    optional: true,
  }),
  ENTRA_ISSUERS: setting({
    what: 'The accepted issuers of tokens, separated by commas; {tenant} stands for the tenant.',
    where: 'Leave it unset on the public Azure.',
    example: 'https://login.microsoftonline.com/{tenant}/v2.0',
    schema: list(z.string()).refine((issuers) => issuers.length > 0, 'must name an issuer'),
    default: 'https://login.microsoftonline.com/{tenant}/v2.0,https://sts.windows.net/{tenant}/',
  }),
  ENTRA_JWKS_URL: setting({
    what: 'The address of the public keys that verify these tokens; {tenant} stands for the tenant.',
    where: 'Leave it unset on the public Azure.',
    example: 'https://login.microsoftonline.com/{tenant}/discovery/v2.0/keys',
    schema: endpoint('https:'),
    default: 'https://login.microsoftonline.com/{tenant}/discovery/v2.0/keys',
  }),
  API_READS_PER_MINUTE: setting({
    what: 'How many requests that read one caller of the HTTP API may send per minute, to each instance of the app.',
    where: 'You choose. All holders of function keys count as one caller.',
    example: '6000',
    schema: wholeNumber(1, 10_000_000),
    default: '6000',
  }),
  API_ACTS_PER_MINUTE: setting({
    what: 'How many requests that change something one caller of the HTTP API may send per minute, to each instance of the app.',
    where: 'You choose. All holders of function keys count as one caller.',
    example: '1200',
    schema: wholeNumber(1, 10_000_000),
    default: '1200',
  }),
  OUTBOUND_ALLOWED: setting({
    what: 'The destinations that the HTTP API may call, transfer to or add: numbers and raw ids of users and apps, exact or a beginning followed by *, separated by commas. Defaults to none.',
    where: 'You choose, as narrowly as you can: calls cost money.',
    example: '+1425*,+442071838750,8:acs:*',
    schema: list(z.string().regex(DESTINATION_PATTERN, 'each must be like +14255550123, +1425* or 8:acs:*')),
    default: '',
  }),
  OUTBOUND_CALLS_PER_HOUR: setting({
    what: 'How many calls the HTTP API may make in any hour, over all instances: placed calls, transfers and additions, by telephone or not. Transfers and additions on one call may use a tenth.',
    where: 'You choose, by what you can afford to lose.',
    example: '100',
    schema: wholeNumber(0, 100_000),
    default: '100',
  }),
  CALL_ROUTES: setting({
    what: 'The routes, which decide about calls: a JSON array.',
    where: 'You write it, or a file routes.json beside host.json; docs/routes.md describes it.',
    example: '[{"name":"everyone","workers":[{"name":"echo"}]}]',
    schema: jsonText,
  }),
  TABLES_CONNECTION_STRING: setting({
    what: 'The connection string of table storage, with its key.',
    where:
      'Azure portal, the storage account, Access keys. Not needed if you set TABLES_ENDPOINT and use the managed identity.',
    example:
      'DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=<base64>;EndpointSuffix=core.windows.net',
    schema: z.string(),
    optional: true,
  }),
  TABLES_ENDPOINT: setting({
    what: 'The address of table storage, to use it with the managed identity of the app.',
    where: 'Azure portal, the storage account, Endpoints, Table service.',
    example: 'https://contoso.table.core.windows.net',
    schema: endpoint('https:'),
    optional: true,
  }),
  CALL_RETENTION_DAYS: setting({
    what: 'How many days a call and its timeline are kept after its end.',
    where: 'You choose, by what the law and your customers require.',
    example: '30',
    schema: wholeNumber(1, 3_650),
    default: '30',
  }),
  MAX_CALL_MINUTES: setting({
    what: 'The longest that a call may last, in minutes; tickets are valid for as long.',
    where: 'You choose.',
    example: '240',
    schema: wholeNumber(1, 1_440),
    default: '240',
  }),
} as const;
