/** Every setting of every process. `docs/settings.md` lists the same names; a test compares the two. */
import * as z from 'zod';
import { DESTINATION_PATTERN } from '../../functions/control/call/outbound-destinations.ts';
import { MIN_LEAD_MS } from '../../relay/speak/playout-pace.ts';
import { isLoopbackHttp } from '../base/loopback-url.ts';
import type { Setting } from '../base/settings.ts';
import { TICKET_KEY_MIN_BYTES } from '../wire/signed/ticket.ts';

/** A URL with the scheme (`https`, `wss`), or its unencrypted form on a loopback host; without a slash at its end. */
function endpoint(secure: 'https:' | 'wss:'): z.ZodType<string, string> {
  const rule = `must be a URL that begins with ${secure}// (${secure.replace('s:', ':')}// only for 127.0.0.1, localhost and [::1])`;
  return z
    .string()
    .refine((text) => URL.canParse(text) && (new URL(text).protocol === secure || isLoopbackHttp(text)), rule)
    .transform((text) => text.replace(/\/+$/, ''));
}

/** The parts of `Name=value;Name=value`, names in lower case. */
function connectionStringParts(text: string): Map<string, string> {
  const pairs = text.split(';').map((part) => {
    const at = part.indexOf('=');
    return [part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).trim()] as const;
  });
  return new Map(pairs);
}

export interface ServiceConnection {
  readonly connectionString: string;
  readonly endpoint: string;
  readonly accessKey: string;
}

const serviceConnection: z.ZodType<ServiceConnection, string> = z.string().transform((text, context) => {
  const parts = connectionStringParts(text);
  const accessKey = parts.get('accesskey') ?? '';
  const address = endpoint('https:').safeParse(parts.get('endpoint') ?? '');
  if (address.success && accessKey !== '')
    return { connectionString: text, endpoint: address.data, accessKey };
  context.addIssue('must read endpoint=https://…;accesskey=… (http:// only on this machine)');
  return z.NEVER;
});

const ticketKey = z
  .string()
  .refine(
    (text) => new TextEncoder().encode(text).length >= TICKET_KEY_MIN_BYTES,
    `must have at least ${TICKET_KEY_MIN_BYTES} bytes`,
  );

function wholeNumber(min: number, max: number): z.ZodType<number, string> {
  const rule = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d+$/, rule)
    .transform(Number)
    .refine((value) => value >= min && value <= max, rule);
}

const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue('must be JSON');
    return z.NEVER;
  }
});

/** Texts that are separated by commas, each in the form of `each`. */
function list<T>(each: z.ZodType<T, string>): z.ZodType<readonly T[], string> {
  return z
    .string()
    .transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    .pipe(z.array(each)) as unknown as z.ZodType<readonly T[], string>;
}

const setting = <T>(value: Setting<T>): Setting<T> => value;

export const SETTINGS = {
  APP_ROLE: setting({
    what: 'Which functions this function app serves.',
    where: 'You choose: "control" for the app that answers calls, "worker" for an app that hears them.',
    example: 'control',
    schema: z.enum(['control', 'worker'], { error: 'must be "control" or "worker"' }) as z.ZodType<
      'control' | 'worker',
      string
    >,
  }),
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
  ACS_TOKEN_AUDIENCE: setting({
    what: 'The immutable resource id of the Communication Services resource: whom the tokens of ACS are for.',
    where: 'az communication show --query immutableResourceId (a GUID, not the ARM path).',
    example: '33333333-3333-3333-3333-333333333333',
    schema: z.string(),
  }),
  ACS_TOKEN_ISSUER: setting({
    what: 'Who signs the tokens on callbacks and media sockets.',
    where: 'Leave it unset on Azure.',
    example: 'https://acscallautomation.communication.azure.com',
    schema: z.string(),
    default: 'https://acscallautomation.communication.azure.com',
  }),
  ACS_JWKS_URL: setting({
    what: 'Where the public keys of that signer are.',
    where: 'Leave it unset on Azure.',
    example: 'https://acscallautomation.communication.azure.com/calling/keys',
    schema: endpoint('https:'),
    default: 'https://acscallautomation.communication.azure.com/calling/keys',
  }),
  ACS_MEDIA_TOKEN_POLICY: setting({
    what: 'Whether a media socket must carry a token of ACS: "require", "accept" (checked if present) or "off".',
    where: 'You choose. The ticket is checked in every case.',
    example: 'require',
    schema: z.enum(['require', 'accept', 'off'], {
      error: 'must be "require", "accept" or "off"',
    }) as z.ZodType<'require' | 'accept' | 'off', string>,
    default: 'require',
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
  RELAY_TICKET_KEY: setting({
    what: 'The secret with which the control app signs tickets and the relay checks them.',
    where: 'You make it, the same for both: openssl rand -base64 48',
    example: '<at least 32 random bytes>',
    schema: ticketKey,
  }),
  RELAY_TICKET_KEY_PREVIOUS: setting({
    what: 'The ticket key before the present one, still accepted while calls with old tickets last.',
    where: 'The old value of RELAY_TICKET_KEY, while you rotate it.',
    example: '<at least 32 random bytes>',
    schema: ticketKey,
    optional: true,
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
    schema: json,
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
  WEB_PUBSUB_CONNECTION_STRING: setting({
    what: 'How to reach Azure Web PubSub with a key; its key also proves that a webhook call came from there.',
    where: 'Azure portal, the Web PubSub resource, Keys.',
    example: 'Endpoint=https://contoso.webpubsub.azure.com;AccessKey=<key>;Version=1.0;',
    schema: serviceConnection,
  }),
  WEB_PUBSUB_SECONDARY_KEY: setting({
    what: 'The other access key of Web PubSub, accepted on webhook calls while keys are rotated.',
    where: 'Azure portal, the Web PubSub resource, Keys.',
    example: '<key>',
    schema: z.string(),
    optional: true,
  }),
  HOST: setting({
    what: 'The address on which the relay listens.',
    where: 'Leave it unset in a container.',
    example: '0.0.0.0',
    schema: z.string(),
    default: '0.0.0.0',
  }),
  PORT: setting({
    what: 'The port on which the relay listens; 0 takes any free one.',
    where: 'You choose; the container app sends its traffic there (targetPort).',
    example: '8090',
    schema: wholeNumber(0, 65_535),
    default: '8090',
  }),
  MAX_CALLS: setting({
    what: 'How many calls one relay process carries; further ones are refused with 503 before the upgrade.',
    where: 'You choose, by the size of the container.',
    example: '200',
    schema: wholeNumber(1, 10_000),
    default: '200',
  }),
  MAX_LOOP_DELAY_MS: setting({
    what: 'How late the event loop of a relay may be, as the median of a second, before it takes no further call, in milliseconds.',
    where: 'You choose: a frame lasts 20 ms.',
    example: '40',
    schema: wholeNumber(5, 5_000),
    default: '40',
  }),
  CONTROL_URL: setting({
    what: 'The address at which a relay that is told to stop asks for its live calls to be moved to another; unset, it ends their streams instead.',
    where: 'The address of the control app, as in PUBLIC_BASE_URL.',
    example: 'https://contoso-control.azurewebsites.net',
    schema: endpoint('https:'),
    optional: true,
  }),
  DRAIN_DEADLINE_MS: setting({
    what: 'How long a relay that is told to stop may take to move its calls before it ends what is left, in milliseconds.',
    where: 'You choose: less than the grace period of the container (terminationGracePeriodSeconds), by 8 s.',
    example: '20000',
    schema: wholeNumber(0, 3_600_000),
    default: '20000',
  }),
  MAX_BACKLOG_MS: setting({
    what: 'How much audio waits for a slow worker before the oldest is dropped, in milliseconds.',
    where: 'You choose.',
    example: '5000',
    schema: wholeNumber(200, 60_000),
    default: '5000',
  }),
  JITTER_BUFFER_MS: setting({
    what: 'Silence played before the first reply of a worker, so that a later reply may be late by as much without a tear, in milliseconds.',
    where: 'You choose: more is smoother, less is quicker.',
    example: '200',
    schema: wholeNumber(0, 2_000),
    default: '200',
  }),
  PLAYOUT_LEAD_MS: setting({
    what: 'How much audio ACS is given ahead of its time, in milliseconds; the rest of a long reply waits in the relay.',
    where:
      'You choose: more bears longer delays of the relay, less leaves more to be decided when the caller speaks.',
    example: '300',
    schema: wholeNumber(MIN_LEAD_MS, 5_000),
    default: '300',
  }),
  RELAY_ADMIN_TOKEN: setting({
    what: 'The token for the reports at /calls of the relay; unset, there are none.',
    where: 'You make it: openssl rand -base64 48',
    example: '<at least 32 random bytes>',
    schema: ticketKey,
    optional: true,
  }),
  LOG_LEVEL: setting({
    what: 'How much the relay logs.',
    where: 'You choose: "fatal", "error", "warn", "info", "debug" or "silent".',
    example: 'info',
    schema: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']) as z.ZodType<
      'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'silent',
      string
    >,
    default: 'info',
  }),
} as const;
