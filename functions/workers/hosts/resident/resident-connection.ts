/** A resident worker's connection to Web PubSub for one call: it hears the call's group for it, and speaks into its own. */
import type { WebPubSubServiceClient } from '@azure/web-pubsub';
import { WebPubSubClient } from '@azure/web-pubsub-client';
import { downGroup, upGroup } from '../../../../shared/wire/names.ts';
import { protobufProtocol } from './web-pubsub-protocol.ts';

/** How long a token may take from being made to being used; the service looks at it only when the client connects. */
const TOKEN_MINUTES = 5;
const RECONNECT_WAIT_MS = 200;

export interface ResidentListener {
  /** Audio in RTP, or the text of an event. */
  message(message: Uint8Array | string): void;
}

export interface ResidentConnection {
  /** Resolves when the group is joined. */
  start(): Promise<void>;
  /** Publishes to the relay (`down`) or to everybody who hears the call for this worker (`up`). Not acknowledged. */
  publish(to: 'down' | 'up', message: Uint8Array<ArrayBuffer> | object): Promise<void>;
  /** Idempotent. */
  stop(): void;
}

export type OpenResidentConnection = (
  target: { readonly callId: string; readonly worker: string },
  listener: ResidentListener,
) => ResidentConnection;

/** Plain protobuf: after a loss live audio goes on, and what was missed is not played back. */
export function residentConnections(service: WebPubSubServiceClient): OpenResidentConnection {
  return ({ callId, worker }, listener) => {
    const groups = { up: upGroup(callId, worker), down: downGroup(callId, worker) };
    const joined = Promise.withResolvers<void>();
    joined.promise.catch(() => {});
    let isStopped = false;
    const client = new WebPubSubClient(
      {
        getClientAccessUrl: async () => {
          const { url } = await service.getClientAccessToken({
            userId: callId,
            groups: [groups.up],
            roles: [`webpubsub.sendToGroup.${groups.up}`, `webpubsub.sendToGroup.${groups.down}`],
            expirationTimeInMinutes: TOKEN_MINUTES,
          });
          return url;
        },
      },
      {
        protocol: protobufProtocol('plain', {
          connected: () => {
            // The client goes on connecting when it is stopped meanwhile, and would then stay.
            if (isStopped) client.stop();
            joined.resolve();
          },
        }),
        messageRetryOptions: { maxRetries: 0 },
        reconnectRetryOptions: { retryDelayInMs: RECONNECT_WAIT_MS },
      },
    );
    client.on('group-message', ({ message }) => {
      const { data } = message;
      if (!isStopped && (data instanceof Uint8Array || typeof data === 'string')) listener.message(data);
    });
    return {
      async start() {
        await client.start();
        await joined.promise;
      },
      async publish(to, message) {
        const dataType = message instanceof Uint8Array ? 'binary' : 'json';
        await client.sendToGroup(groups[to], message, dataType, { fireAndForget: true, noEcho: true });
      },
      stop() {
        isStopped = true;
        joined.reject(new Error('the connection was stopped'));
        client.stop();
      },
    };
  };
}
