/**
 * The settings of the worker app and of resident workers. A host reads them once from the environment and passes them
 * on; nothing else reads the environment.
 */
import * as z from 'zod';
import { deepFreeze, type Environment, SettingsReader } from '../../../shared/base/settings.ts';
import { setting } from '../../../shared/settings/values.ts';
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
}

/** @throws ConfigError */
export function readWorkerConfig(env: Environment): WorkerConfig {
  const settings = new SettingsReader('worker app', env);
  const service = settings.read('WEB_PUBSUB_CONNECTION_STRING', S.WEB_PUBSUB_CONNECTION_STRING);
  const secondary = settings.readOptional('WEB_PUBSUB_SECONDARY_KEY', S.WEB_PUBSUB_SECONDARY_KEY);
  settings.finish();
  return deepFreeze({
    webPubSub: {
      connectionString: service.connectionString,
      endpoint: service.endpoint,
      endpointHost: new URL(service.endpoint).hostname,
      accessKeys: secondary === undefined ? [service.accessKey] : [service.accessKey, secondary],
    },
  });
}
