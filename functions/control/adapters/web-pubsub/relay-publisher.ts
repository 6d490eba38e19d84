import { randomUUID } from 'node:crypto';
import { isLoopbackHttp } from '../../../../shared/base/loopback-url.ts';
import {
  callControlPublisher,
  type PublishCallControl,
} from '../../../../shared/wire/relay/call-control-messages.ts';
import type { Connection } from '../../settings/control-config.ts';
import type { ControlDeps } from '../../use-cases/deps.ts';

/** Publishes control messages to relays through Web PubSub. The SDK is loaded with the first message. */
export function relayPublisher(
  {
    connectionString,
    endpoint,
  }: Extract<Connection, { connectionString: string }> & { readonly endpoint: string },
  ticketKey: string,
): PublishCallControl {
  let publisher: Promise<PublishCallControl> | undefined;
  const load = async (): Promise<PublishCallControl> => {
    const { groupPublisher } = await import('../../../../shared/web-pubsub/group-publisher.ts');
    const publish = groupPublisher({ connectionString, isLoopback: isLoopbackHttp(endpoint) });
    return callControlPublisher({ publish, ticketKey, nowMs: Date.now, newId: randomUUID });
  };
  return async (callId, message) => {
    publisher ??= load().catch((error: unknown) => {
      publisher = undefined;
      throw error;
    });
    await (await publisher)(callId, message);
  };
}

/** Sends a message to all workers of a call. */
export function workerPublisher(
  publishToRelay: PublishCallControl,
): NonNullable<ControlDeps['sendToWorkers']> {
  return async (callId, data) => await publishToRelay(callId, { type: 'message', data: { ...data } });
}
