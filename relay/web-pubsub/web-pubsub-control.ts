/** Opens connections to Azure Web PubSub that hear the control group of one call and nothing else. */
import { clientAddresses } from '../../shared/web-pubsub/client-addresses.ts';
import { ClientConnection } from '../../shared/web-pubsub/client-connection.ts';
import { controlGroup } from '../../shared/wire/names.ts';
import type { OpenControlConnection } from '../lane/lane-connection.ts';
import { readJsonText, type WebPubSubOptions } from './web-pubsub-lane.ts';

export function webPubSubControl({ access, clock, log }: WebPubSubOptions): OpenControlConnection {
  const addressOf = clientAddresses(access);
  return (callId, { control, closed }) =>
    new ClientConnection({
      url: () => addressOf({ userId: callId, groups: [controlGroup(callId)] }),
      clock,
      listener: {
        data: ({ data }) => control(readJsonText(data)),
        acked: () => {},
        recovered: () => {},
        closed,
        unreadable: () => log.warn({ callId }, 'ignored an unreadable message of Web PubSub'),
        failed: (err) => log.error({ callId, err }, 'could not handle a message of the control group'),
      },
    });
}
