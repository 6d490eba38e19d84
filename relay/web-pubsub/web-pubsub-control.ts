/** A connection to Azure Web PubSub that hears the control group of one call, and nothing else. */
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import type { Logger } from 'pino';
import { isLoopbackHttp } from '../../shared/config.ts';
import { controlGroup, HUB } from '../../shared/protocol/names.ts';
import { systemClock } from '../clock.ts';
import { readJsonText } from '../json-text.ts';
import type { OpenControlConnection } from '../lane-connection.ts';
import { ClientConnection } from './client-connection.ts';

/** How long a token may take from being made to being used; the service looks at it only when the client connects. */
const TOKEN_MINUTES = 5;

export function webPubSubControl(
  options: { readonly connectionString: string; readonly endpoint: string },
  log: Logger,
): OpenControlConnection {
  const service = new WebPubSubServiceClient(options.connectionString, HUB, {
    allowInsecureConnection: isLoopbackHttp(options.endpoint),
  });
  return (callId, { control, closed }) => {
    const groups = [controlGroup(callId)];
    const expirationTimeInMinutes = TOKEN_MINUTES;
    return new ClientConnection({
      url: async () =>
        (await service.getClientAccessToken({ userId: callId, groups, expirationTimeInMinutes })).url,
      clock: systemClock,
      listener: {
        data: ({ data }) => control(readJsonText(data)),
        acked: () => {},
        recovered: () => {},
        closed,
        unreadable: () => log.warn({ callId }, 'ignored an unreadable message of Web PubSub'),
        failed: (err) => log.error({ callId, err }, 'could not handle a message of the control group'),
      },
    });
  };
}
