/**
 * The settings of the worker app and of resident workers. A host reads them once from the environment and passes them
 * on; nothing else reads the environment.
 */
import * as z from 'zod';
import { isLoopbackHttp } from '../../../shared/base/loopback-url.ts';
import { deepFreeze, type Environment, SettingsReader } from '../../../shared/base/settings.ts';
import { endpoint, list, setting } from '../../../shared/settings/values.ts';
import { WEB_PUBSUB_CONNECTION_STRING } from '../../../shared/settings/web-pubsub-setting.ts';

export const WORKER_SETTINGS = {
  WEB_PUBSUB_CONNECTION_STRING,
  WEB_PUBSUB_SECONDARY_KEY: setting({
    what: 'The other access key of Web PubSub, accepted on webhook calls while keys are rotated.',
    where: 'Azure portal, the Web PubSub resource, Keys.',
    example: '<key>',
    schema: z.string(),
    optional: true,
  }),
  CONTROL_URLS: setting({
    what: 'The addresses of the control apps that workers ask about their calls, separated by commas. Workers ask no other, whatever an event says; unset, they ask every https address, and the log says so.',
    where: 'The address of the control app, as in PUBLIC_BASE_URL.',
    example: 'https://contoso-control.azurewebsites.net',
    schema: list(endpoint('https:')),
    optional: true,
  }),
} as const;

const S = WORKER_SETTINGS;

export interface WorkerConfig {
  readonly webPubSub: {
    readonly connectionString: string;
    readonly endpoint: string;
    /** Host name without port. */
    readonly endpointHost: string;
    readonly accessKeys: readonly string[];
  };
  /** Origins of the control apps that workers may ask. Undefined: nobody has said. */
  readonly controlOrigins?: readonly string[];
}

/** Host names, as URLs write them, that lead to this machine. */
const OWN_MACHINE =
  /^(?:(?:.*\.)?(?:localhost|ip6-localhost|ip6-loopback)\.?|(?:127|0)\.[\d.]+|\[::1?\]|\[::ffff:(?:7f[\da-f]{2}:[\da-f]{1,4}|0:0)\])$/;

/**
 * Whether a worker may ask the control app at this address about its call: the address comes in an event, and somebody
 * with the key of Web PubSub can forge events. An app whose Web PubSub is elsewhere asks nobody on its own machine.
 */
export function isControlApp({ controlOrigins, webPubSub }: WorkerConfig, url: string): boolean {
  const address = URL.parse(url);
  if (address === null) return false;
  if (controlOrigins !== undefined) return controlOrigins.includes(address.origin);
  if (isLoopbackHttp(webPubSub.endpoint)) return true;
  return address.protocol === 'https:' && !OWN_MACHINE.test(address.hostname);
}

/** What the log of an app says that would ask any control app; undefined if all is well. */
export function adviceOn({ controlOrigins, webPubSub }: WorkerConfig): string | undefined {
  return controlOrigins !== undefined || isLoopbackHttp(webPubSub.endpoint)
    ? undefined
    : 'CONTROL_URLS is not set, so a forged event can have workers send requests to any https address';
}

/** @throws ConfigError */
export function readWorkerConfig(env: Environment): WorkerConfig {
  const settings = new SettingsReader('worker app', env);
  const service = settings.read('WEB_PUBSUB_CONNECTION_STRING', S.WEB_PUBSUB_CONNECTION_STRING);
  const secondary = settings.readOptional('WEB_PUBSUB_SECONDARY_KEY', S.WEB_PUBSUB_SECONDARY_KEY);
  const controlUrls = settings.readOptional('CONTROL_URLS', S.CONTROL_URLS);
  settings.finish();
  return deepFreeze({
    webPubSub: {
      connectionString: service.connectionString,
      endpoint: service.endpoint,
      endpointHost: new URL(service.endpoint).hostname,
      accessKeys: secondary === undefined ? [service.accessKey] : [service.accessKey, secondary],
    },
    ...(controlUrls === undefined ? {} : { controlOrigins: controlUrls.map((url) => new URL(url).origin) }),
  });
}
