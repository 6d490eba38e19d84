/** A connection to Azure Web PubSub that hears the control group of one call, and nothing else. */
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { WebPubSubClient } from '@azure/web-pubsub-client';
import type { Logger } from 'pino';
import { protobufProtocol } from '../../shared/azure/web-pubsub-protocol.ts';
import { isLoopbackHttp } from '../../shared/config.ts';
import { controlGroup, HUB } from '../../shared/protocol/names.ts';
import { readJsonText } from '../json-text.ts';
import type { OpenControlConnection } from '../lane-connection.ts';

/** How long a token may take from being made to being used; the service looks at it only when the client connects. */
const TOKEN_MINUTES = 5;

export function webPubSubControl(
  options: { readonly connectionString: string; readonly endpoint: string },
  log: Logger,
): OpenControlConnection {
  const service = new WebPubSubServiceClient(options.connectionString, HUB, {
    allowInsecureConnection: isLoopbackHttp(options.endpoint),
  });
  return (callId, listener) => {
    let isStopped = false;
    const protocol = protobufProtocol('reliable', {
      connected: () => {
        // The client goes on connecting when it is stopped meanwhile, and would then stay.
        if (isStopped) client.stop();
      },
      unreadable: () => log.warn({ callId }, 'ignored an unreadable message of Web PubSub'),
    });
    const client = new WebPubSubClient(
      {
        getClientAccessUrl: async () => {
          const groups = [controlGroup(callId)];
          const expirationTimeInMinutes = TOKEN_MINUTES;
          return (await service.getClientAccessToken({ userId: callId, groups, expirationTimeInMinutes }))
            .url;
        },
      },
      { protocol, autoReconnect: false },
    );
    client.on('group-message', ({ message: { data } }) => {
      if (!isStopped) listener.control(readJsonText(data));
    });
    client.on('stopped', () => {
      if (!isStopped) listener.closed();
    });
    return {
      start: () => client.start(),
      stop() {
        isStopped = true;
        client.stop();
      },
    };
  };
}
