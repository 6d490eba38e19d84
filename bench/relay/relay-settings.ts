/** The settings of the relay while it is measured: the defaults, but for the bounds of admission. */
import { type RelayConfig, readRelayConfig } from '../../relay/settings/relay-config.ts';

export const TICKET_KEY = 'a key for tickets of measurements only';
export const WEB_PUBSUB_KEY = 'a-key-of-Web-PubSub-for-measurements-only';

/** @param settings by their names, instead of those of the measurement */
export function relaySettings(
  webPubSub: string,
  settings: Readonly<Record<string, string>> = {},
): RelayConfig {
  return readRelayConfig({
    HOST: '127.0.0.1',
    PORT: '0',
    WEB_PUBSUB_CONNECTION_STRING: `Endpoint=${webPubSub};AccessKey=${WEB_PUBSUB_KEY};Version=1.0;`,
    RELAY_TICKET_KEY: TICKET_KEY,
    ACS_MEDIA_TOKEN_POLICY: 'off',
    ACS_TOKEN_AUDIENCE: 'measurement',
    MAX_CALLS: '4000',
    // The measurement shows how late the relay gets, so it must not refuse calls for being late.
    MAX_LOOP_DELAY_MS: '5000',
    // After a delay the relay holds audio back that ACS does not need yet, which is not to be taken for lateness.
    PLAYOUT_LEAD_MS: '5000',
    LOG_LEVEL: 'silent',
    ...settings,
  });
}
