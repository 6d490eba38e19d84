/**
 * The settings of the control app, parsed once from the environment and frozen. Nothing else reads the environment. A
 * function reads them at its first invocation, since an error while the app loads would block all of its functions.
 */
import { isLoopbackHttp } from '../../../shared/base/loopback-url.ts';
import { deepFreeze, type Environment, type Setting, SettingsReader } from '../../../shared/base/settings.ts';
import {
  type AcsTokenConfig,
  readAcsTokens,
  readTicketKeys,
  secretsOfTickets,
} from '../../../shared/settings/common-settings.ts';
import { refuseGuessable } from '../../../shared/settings/secrets.ts';
import type { ServiceConnection } from '../../../shared/settings/values.ts';
import { CONTROL_SETTINGS as S } from './control-settings.ts';

/** How to reach a service: with its key, or by its address with the managed identity. */
export type Connection = { readonly connectionString: string } | { readonly endpoint: string };

/** How many requests one caller of the HTTP API may send, per instance. */
interface ApiRates {
  readonly readsPerMinute: number;
  readonly actsPerMinute: number;
}

/** Which destinations the HTTP API may call, and how often. */
interface OutboundConfig {
  readonly allowed: readonly string[];
  readonly callsPerHour: number;
}

interface EntraConfig {
  readonly tenantId: string;
  readonly audience: string;
  readonly issuers: readonly string[];
  readonly jwksUrl: string;
}

interface ControlConfig {
  /** If set, tokens of Entra ID open the HTTP API; otherwise function keys do. */
  readonly entra?: EntraConfig;
  readonly apiRates: ApiRates;
  /** Whether function keys have the role `Calls.Listen`. */
  readonly keyMayListen: boolean;
  readonly outbound: OutboundConfig;
  readonly acs: Connection;
  /** The resource that synthesizes and recognizes speech for ACS. */
  readonly cognitiveServicesEndpoint?: string;
  readonly acsTokens: AcsTokenConfig;
  readonly publicBaseUrl: string;
  readonly relayUrl: string;
  /** Without it nobody can say how the worker app is. */
  readonly workerUrl?: string;
  /** The current key, then the previous one. */
  readonly ticketKeys: readonly [string, ...string[]];
  /** The JSON of the setting, which the schema of routes checks. */
  readonly routes: unknown;
  readonly tables: Connection;
  /** How to reach the relays and workers of live calls. Without it they cannot be changed or sent messages. */
  readonly webPubSub?: { readonly connectionString: string; readonly endpoint: string };
  readonly maxCallMinutes: number;
  /** How many days past calls are kept. */
  readonly retentionDays: number;
}

/**
 * How the HTTP API is protected, for the registration of its functions. Nothing may throw there, so an invalid value,
 * which `readControlConfig` reports, counts as the default: the host demands a key.
 */
export function readApiAuth(env: Environment): 'function-key' | 'entra' {
  return new SettingsReader('control app', env).readOptional('API_AUTH', S.API_AUTH) ?? 'function-key';
}

/** @throws ConfigError */
export function readControlConfig(env: Environment): ControlConfig {
  const settings = new SettingsReader('control app', withDefaultBaseUrl(env));
  const webPubSub = settings.readOptional('WEB_PUBSUB_CONNECTION_STRING', S.WEB_PUBSUB_CONNECTION_STRING);
  const entra = readEntra(settings);
  const workerUrl = settings.readOptional('WORKER_URL', S.WORKER_URL);
  const cognitiveServicesEndpoint = settings.readOptional(
    'COGNITIVE_SERVICES_ENDPOINT',
    S.COGNITIVE_SERVICES_ENDPOINT,
  );
  const config: ControlConfig = {
    ...(cognitiveServicesEndpoint === undefined ? {} : { cognitiveServicesEndpoint }),
    ...(entra === undefined ? {} : { entra }),
    apiRates: {
      readsPerMinute: settings.read('API_READS_PER_MINUTE', S.API_READS_PER_MINUTE),
      actsPerMinute: settings.read('API_ACTS_PER_MINUTE', S.API_ACTS_PER_MINUTE),
    },
    keyMayListen: settings.read('FUNCTION_KEY_LISTENS', S.FUNCTION_KEY_LISTENS),
    outbound: {
      allowed: settings.read('OUTBOUND_ALLOWED', S.OUTBOUND_ALLOWED),
      callsPerHour: settings.read('OUTBOUND_CALLS_PER_HOUR', S.OUTBOUND_CALLS_PER_HOUR),
    },
    acs: readConnection(settings, 'ACS_CONNECTION_STRING', 'ACS_ENDPOINT'),
    acsTokens: readAcsTokens(settings),
    publicBaseUrl: settings.read('PUBLIC_BASE_URL', S.PUBLIC_BASE_URL),
    relayUrl: settings.read('RELAY_URL', S.RELAY_URL),
    ...(workerUrl === undefined ? {} : { workerUrl }),
    ticketKeys: readTicketKeys(settings),
    routes: settings.read('CALL_ROUTES', S.CALL_ROUTES),
    tables: readConnection(settings, 'TABLES_CONNECTION_STRING', 'TABLES_ENDPOINT'),
    ...(webPubSub === undefined ? {} : { webPubSub }),
    retentionDays: settings.read('CALL_RETENTION_DAYS', S.CALL_RETENTION_DAYS),
    maxCallMinutes: settings.read('MAX_CALL_MINUTES', S.MAX_CALL_MINUTES),
  };
  refuseGuessable(settings, secretsOfTickets(config.ticketKeys), [
    config.publicBaseUrl ?? '',
    config.relayUrl ?? '',
    addressOf(config.acs),
    addressOf(config.tables),
    ...(webPubSub === undefined ? [] : [webPubSub.endpoint]),
  ]);
  settings.finish();
  return deepFreeze(config);
}

/** Undefined if function keys protect the API. */
function readEntra(settings: SettingsReader): EntraConfig | undefined {
  if (settings.read('API_AUTH', S.API_AUTH) !== 'entra') return undefined;
  for (const name of ['ENTRA_TENANT_ID', 'ENTRA_AUDIENCE'] as const)
    if (!settings.has(name)) settings.problem(name, 'is missing, which API_AUTH=entra requires.', S[name]);
  const tenantId = settings.readOptional('ENTRA_TENANT_ID', S.ENTRA_TENANT_ID) ?? '';
  const ofTenant = (text: string): string => text.replaceAll('{tenant}', tenantId);
  const issuers = settings.readOptional('ENTRA_ISSUERS', S.ENTRA_ISSUERS) ?? [];
  const jwksUrl = settings.readOptional('ENTRA_JWKS_URL', S.ENTRA_JWKS_URL) ?? '';
  return {
    tenantId,
    audience: settings.readOptional('ENTRA_AUDIENCE', S.ENTRA_AUDIENCE) ?? '',
    issuers: issuers.map(ofTenant),
    jwksUrl: ofTenant(jwksUrl),
  };
}

type KeyName = 'ACS_CONNECTION_STRING' | 'TABLES_CONNECTION_STRING';
type AddressName = 'ACS_ENDPOINT' | 'TABLES_ENDPOINT';

function readConnection(settings: SettingsReader, keyName: KeyName, addressName: AddressName): Connection {
  if (settings.has(addressName) && !settings.has(keyName)) {
    return { endpoint: settings.read(addressName, S[addressName]) };
  }
  const setting: Setting<string | ServiceConnection> = S[keyName];
  if (!settings.has(keyName)) settings.problem(keyName, `is missing (or set ${addressName}).`, setting);
  const value = settings.readOptional(keyName, setting);
  return { connectionString: typeof value === 'string' ? value : (value?.connectionString ?? '') };
}

function addressOf(connection: Connection): string {
  return 'endpoint' in connection ? (connection.endpoint ?? '') : connection.connectionString;
}

/** On Azure the platform provides the host name of the app. */
function withDefaultBaseUrl(env: Environment): Environment {
  const host = env['WEBSITE_HOSTNAME'];
  if (env['PUBLIC_BASE_URL'] !== undefined || host === undefined) return env;
  const url = `https://${host}`;
  return { ...env, PUBLIC_BASE_URL: isLoopbackHttp(`http://${host}`) ? `http://${host}` : url };
}
