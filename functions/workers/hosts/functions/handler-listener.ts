/**
 * Lets a handler in a function app hear what the relay says while it runs. Events of a lane wait for one another, and
 * the next one may reach another instance. A message in the group of the call reaches the process that listens.
 *
 * The listener is a WebSocket of Node's own, for as long as the handler takes: it needs no recovery, and so nothing of
 * the client that the relay uses. A listener that cannot connect costs nothing but the early end of its handler.
 */
import { clientAddresses, type WebPubSubAccess } from '../../../../shared/web-pubsub/client-addresses.ts';
import { type Listening, parseLaneEvent } from '../../../../shared/wire/lane/worker-messages.ts';
import { downGroup, upGroup } from '../../../../shared/wire/names.ts';
import type { Listen } from '../../kit/running-handler.ts';
import type { WebhookLog } from '../../kit/webhook.ts';

/** Most handlers have returned by then, and cost no connection. */
const LISTEN_AFTER_MS = 250;
const SUBPROTOCOL = 'json.webpubsub.azure.v1';

export function handlerListener(access: WebPubSubAccess): (log: Pick<WebhookLog, 'warn'>) => Listen {
  const addressOf = clientAddresses(access);
  return (log) => (target, heard) => {
    const { callId, worker, turn } = target;
    const up = upGroup(callId, worker);
    const down = downGroup(callId, worker);
    let socket: WebSocket | undefined;
    let isStopped = false;
    const open = async (): Promise<void> => {
      const roles = [`webpubsub.sendToGroup.${down}`];
      const url = await addressOf({ userId: callId, groups: [up], roles });
      if (isStopped) return;
      socket = new WebSocket(url, SUBPROTOCOL);
      socket.onerror = () => failed('the WebSocket failed');
      // The service says `connected` once the groups of the token are joined, and nothing before.
      socket.onmessage = ({ data }) => {
        const message = readMessage(data);
        if (message?.['type'] === 'system' && message['event'] === 'connected')
          socket?.send(sendToGroup(down, { type: 'listening', turn }));
        const event = message?.['group'] === up ? parseLaneEvent(message['data']) : undefined;
        if (event !== undefined && !isStopped) heard(event);
      };
    };
    const failed = (why: string): void => {
      if (isStopped) return;
      log.warn('a handler cannot hear of interruptions: no connection to Web PubSub', { ...target, why });
    };
    const timer = setTimeout(() => {
      open().catch((error: unknown) => failed(String(error)));
    }, LISTEN_AFTER_MS);
    return () => {
      isStopped = true;
      clearTimeout(timer);
      socket?.close();
    };
  };
}

function sendToGroup(group: string, data: Listening): string {
  return JSON.stringify({ type: 'sendToGroup', group, dataType: 'json', data, noEcho: true });
}

/** A message of the service; undefined for what is none. */
function readMessage(text: unknown): Record<string, unknown> | undefined {
  try {
    const value: unknown = typeof text === 'string' ? JSON.parse(text) : undefined;
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
