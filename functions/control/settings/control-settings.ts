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
    what: 'How to reach Azure Communication Services with a key.',
    where:
      'Azure portal, the Communication Services resource, Keys. Not needed where ACS_ENDPOINT and managed identity are used.',
    example: 'endpoint=https://contoso.communication.azure.com/;accesskey=<base64>',
    schema: serviceConnection,
    optional: true,
  }),
  ACS_ENDPOINT: setting({
    what: 'The address of Azure Communication Services, reached with the managed identity of the app.',
    where: 'Azure portal, the Communication Services resource, Overview.',
    example: 'https://contoso.communication.azure.com',
    schema: endpoint('https:'),
    optional: true,
  }),
  COGNITIVE_SERVICES_ENDPOINT: setting({
    what: 'The Azure AI services resource by which ACS speaks texts and understands speech; without it ACS plays files and recognizes keys only.',
    where:
      'Azure portal, the Azure AI services resource, Overview. The Communication Services resource must be connected to it.',
    example: 'https://contoso.cognitiveservices.azure.com',
    schema: endpoint('https:'),
    optional: true,
  }),
  PUBLIC_BASE_URL: setting({
    what: 'The address at which ACS reaches the control app.',
    where:
      'The function app, Overview, Default domain. On Azure it is taken from WEBSITE_HOSTNAME when unset.',
    example: 'https://contoso-control.azurewebsites.net',
    schema: endpoint('https:'),
  }),
  RELAY_URL: setting({
    what: 'The address at which ACS reaches the relay.',
    where: 'The container app of the relay, Overview, Application URL, with wss:// in front.',
    example: 'wss://relay.contoso.azurecontainerapps.io',
    schema: endpoint('wss:'),
  }),
  API_AUTH: setting({
    what: 'How callers of the HTTP API prove themselves: "function-key", which the Functions host checks, or "entra", by a token of Microsoft Entra ID with the roles Calls.Read or Calls.Control.',
    where: 'You choose; docs/access.md says how to set up Entra ID. It is read when the app starts.',
    example: 'entra',
    schema: z.enum(['function-key', 'entra'], {
      error: 'must be "function-key" or "entra"',
    }) as z.ZodType<'function-key' | 'entra', string>,
    default: 'function-key',
  }),
  ENTRA_TENANT_ID: setting({
    what: 'The tenant whose people and programs may use the HTTP API; required with API_AUTH=entra.',
    where: 'az account show --query tenantId',
    example: '22222222-2222-2222-2222-222222222222',
    schema: z.guid('must be the id of a tenant: a GUID'),
    optional: true,
  }),
  ENTRA_AUDIENCE: setting({
    what: 'Whom tokens must be made for: the app registration of the HTTP API; required with API_AUTH=entra.',
    where:
      'The app registration: its Application (client) ID where it asks for version 2 of access tokens, else its Application ID URI.',
    example: 'api://33333333-3333-3333-3333-333333333333',
    schema: z.string(),
    optional: true,
  }),
  ENTRA_ISSUERS: setting({
    what: 'Who may have signed the tokens, separated by commas; {tenant} stands for the tenant.',
    where: 'Leave it unset on the public Azure.',
    example: 'https://login.microsoftonline.com/{tenant}/v2.0',
    schema: list(z.string()).refine((issuers) => issuers.length > 0, 'must name an issuer'),
    default: 'https://login.microsoftonline.com/{tenant}/v2.0,https://sts.windows.net/{tenant}/',
  }),
  ENTRA_JWKS_URL: setting({
    what: 'Where the public keys of that signer are; {tenant} stands for the tenant.',
    where: 'Leave it unset on the public Azure.',
    example: 'https://login.microsoftonline.com/{tenant}/discovery/v2.0/keys',
    schema: endpoint('https:'),
    default: 'https://login.microsoftonline.com/{tenant}/discovery/v2.0/keys',
  }),
  API_READS_PER_MINUTE: setting({
    what: 'How often one caller may read from the HTTP API, at each instance of the app.',
    where: 'You choose. All holders of function keys are one caller.',
    example: '6000',
    schema: wholeNumber(1, 10_000_000),
    default: '6000',
  }),
  API_ACTS_PER_MINUTE: setting({
    what: 'How often one caller may act on calls over the HTTP API, at each instance of the app.',
    where: 'You choose. All holders of function keys are one caller.',
    example: '1200',
    schema: wholeNumber(1, 10_000_000),
    default: '1200',
  }),
  OUTBOUND_ALLOWED: setting({
    what: 'Whom the HTTP API may call, and to which telephone numbers it may hand over or add people: numbers, beginnings of numbers or raw ids with * at their end, separated by commas. Unset: nobody.',
    where: 'You choose, as narrowly as you can: whoever may place calls spends your money.',
    example: '+1425*,+442071838750,8:acs:*',
    schema: list(z.string().regex(DESTINATION_PATTERN, 'each must be like +14255550123, +1425* or 8:acs:*')),
    default: '',
  }),
  OUTBOUND_CALLS_PER_HOUR: setting({
    what: 'How many calls the HTTP API may cause in any hour, over all instances: placed calls, and people handed over to or added by telephone.',
    where: 'You choose, by what you can bear to lose.',
    example: '100',
    schema: wholeNumber(0, 100_000),
    default: '100',
  }),
  CALL_ROUTES: setting({
    what: 'Which calls are answered, and how: a JSON array of routes.',
    where: 'You write it, or a file routes.json beside host.json; see docs/routes.md.',
    example: '[{"name":"everyone","workers":[{"name":"echo"}]}]',
    schema: jsonText,
  }),
  TABLES_CONNECTION_STRING: setting({
    what: 'How to reach table storage with a key.',
    where:
      'Azure portal, the storage account, Access keys. Not needed where TABLES_ENDPOINT and managed identity are used.',
    example:
      'DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=<base64>;EndpointSuffix=core.windows.net',
    schema: z.string(),
    optional: true,
  }),
  TABLES_ENDPOINT: setting({
    what: 'The address of table storage, reached with the managed identity of the app.',
    where: 'Azure portal, the storage account, Endpoints, Table service.',
    example: 'https://contoso.table.core.windows.net',
    schema: endpoint('https:'),
    optional: true,
  }),
  CALL_RETENTION_DAYS: setting({
    what: 'For how many days after its end a call and its timeline are kept.',
    where: 'You choose; what the law or your customers ask for.',
    example: '30',
    schema: wholeNumber(1, 3_650),
    default: '30',
  }),
  MAX_CALL_MINUTES: setting({
    what: 'The longest a call may last: a ticket is valid for so long.',
    where: 'You choose.',
    example: '240',
    schema: wholeNumber(1, 1_440),
    default: '240',
  }),
} as const;
