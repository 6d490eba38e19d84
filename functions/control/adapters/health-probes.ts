import type { CallStore } from '../call/stores.ts';
import type { HealthProbe, HealthProbes, PartState } from '../use-cases/watch-health.ts';

/** How long a part may take. */
const LIMIT_MS = 3_000;

/** The version of the data plane of Web PubSub that `/api/health` is asked with. */
const API_VERSION = '2024-01-01';

/** No call has such an id. */
const NO_CALL = '0'.repeat(32);

interface Parts {
  readonly store: Pick<CallStore, 'get'>;
  /** Addresses without a slash at the end. */
  readonly relayUrl: string;
  readonly webPubSubEndpoint: string | undefined;
  readonly workerUrl: string | undefined;
}

/** Asks each part for what anybody may ask it. No request carries a secret. */
export function healthProbes({ store, relayUrl, webPubSubEndpoint, workerUrl }: Parts): HealthProbes {
  const relay = `${relayUrl.replace(/^ws/, 'http')}/readyz`;
  return {
    storage: async () => {
      await store.get(NO_CALL);
      return { state: 'up' };
    },
    relay: async () => {
      const { status } = await ask(relay);
      return status === 503 ? { state: 'busy', detail: 'it takes no further call now' } : judged(status);
    },
    'web-pubsub':
      webPubSubEndpoint === undefined
        ? unset('WEB_PUBSUB_CONNECTION_STRING')
        : async () => {
            const url = new URL(`/api/health?api-version=${API_VERSION}`, webPubSubEndpoint);
            return judged((await ask(url, { method: 'HEAD' })).status);
          },
    workers:
      workerUrl === undefined || webPubSubEndpoint === undefined
        ? unset('WORKER_URL')
        : async () => {
            // As Web PubSub asks before it delivers events.
            const headers = { 'webhook-request-origin': new URL(webPubSubEndpoint).host };
            const url = `${workerUrl}/api/workers/health`;
            return judged((await ask(url, { method: 'OPTIONS', headers })).status);
          },
  };
}

function unset(setting: string): HealthProbe {
  return async () => ({ state: 'unknown', detail: `the setting ${setting} is not set` });
}

function judged(status: number): PartState {
  return status === 200 ? { state: 'up' } : { state: 'down', detail: `it answered ${status}` };
}

async function ask(url: string | URL, init: RequestInit = {}): Promise<{ readonly status: number }> {
  const response = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(LIMIT_MS) });
  await response.body?.cancel();
  return { status: response.status };
}
