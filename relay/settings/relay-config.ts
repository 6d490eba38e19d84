/**
 * The settings of the relay. This parses the environment once, and freezes the result; nothing else reads the
 * environment.
 */
import { msToBytes } from '../../shared/audio/audio-format.ts';
import { deepFreeze, type Environment, SettingsReader } from '../../shared/base/settings.ts';
import {
  type AcsTokenConfig,
  readAcsTokens,
  readTicketKeys,
  secretsOfTickets,
} from '../../shared/settings/common-settings.ts';
import { refuseGuessable } from '../../shared/settings/secrets.ts';
import type { ServiceConnection } from '../../shared/settings/values.ts';
import { RELAY_SETTINGS as S } from './relay-settings.ts';

export interface RelayConfig {
  readonly host: string;
  readonly port: number;
  readonly webPubSub: ServiceConnection;
  readonly ticketKeys: readonly [string, ...string[]];
  readonly acsTokens: AcsTokenConfig & { readonly policy: 'require' | 'accept' | 'off' };
  readonly maxCalls: number;
  readonly maxLoopDelayMs: number;
  /** The control app, which can move live calls from this relay to another; without it they stay. */
  readonly controlUrl?: string;
  readonly drainDeadlineMs: number;
  readonly maxBacklogMs: number;
  readonly jitterBufferMs: number;
  readonly playoutLeadMs: number;
  readonly adminToken?: string;
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'silent';
}

export type QueueSettings = Pick<RelayConfig, 'maxCalls' | 'maxBacklogMs'>;

/** What these settings let wait at most, of one worker for each call that listens to chunks or to the stream. */
const MAX_BACKLOG_BYTES = 1024 * 1024 * 1024;

/** What waits where such a worker hangs on every call, at the higher of the two rates. */
export function backlogBytesOf({ maxCalls, maxBacklogMs }: QueueSettings): number {
  return maxCalls * msToBytes('pcm24KMono', maxBacklogMs);
}

/** @throws ConfigError */
export function readRelayConfig(env: Environment): RelayConfig {
  const settings = new SettingsReader('relay', env);
  const adminToken = settings.readOptional('RELAY_ADMIN_TOKEN', S.RELAY_ADMIN_TOKEN);
  const controlUrl = settings.readOptional('CONTROL_URL', S.CONTROL_URL);
  const config: RelayConfig = {
    host: settings.read('HOST', S.HOST),
    port: settings.read('PORT', S.PORT),
    webPubSub: settings.read('WEB_PUBSUB_CONNECTION_STRING', S.WEB_PUBSUB_CONNECTION_STRING),
    ticketKeys: readTicketKeys(settings),
    acsTokens: {
      ...readAcsTokens(settings),
      policy: settings.read('ACS_MEDIA_TOKEN_POLICY', S.ACS_MEDIA_TOKEN_POLICY),
    },
    maxCalls: settings.read('MAX_CALLS', S.MAX_CALLS),
    maxLoopDelayMs: settings.read('MAX_LOOP_DELAY_MS', S.MAX_LOOP_DELAY_MS),
    ...(controlUrl === undefined ? {} : { controlUrl }),
    drainDeadlineMs: settings.read('DRAIN_DEADLINE_MS', S.DRAIN_DEADLINE_MS),
    maxBacklogMs: settings.read('MAX_BACKLOG_MS', S.MAX_BACKLOG_MS),
    jitterBufferMs: settings.read('JITTER_BUFFER_MS', S.JITTER_BUFFER_MS),
    playoutLeadMs: settings.read('PLAYOUT_LEAD_MS', S.PLAYOUT_LEAD_MS),
    ...(adminToken === undefined ? {} : { adminToken }),
    logLevel: settings.read('LOG_LEVEL', S.LOG_LEVEL),
  };
  // A setting that is not valid has no value, and is reported already.
  if (backlogBytesOf(config) > MAX_BACKLOG_BYTES)
    settings.problem(
      'MAX_BACKLOG_MS',
      'is too long for MAX_CALLS: more than 1 GiB could wait for workers that hang.',
      S.MAX_BACKLOG_MS,
    );
  refuseGuessable(
    settings,
    [
      ...secretsOfTickets(config.ticketKeys),
      { name: 'RELAY_ADMIN_TOKEN', setting: S.RELAY_ADMIN_TOKEN, value: adminToken },
    ],
    [config.host ?? '', config.webPubSub?.endpoint ?? '', ...(controlUrl === undefined ? [] : [controlUrl])],
  );
  settings.finish();
  return deepFreeze(config);
}
