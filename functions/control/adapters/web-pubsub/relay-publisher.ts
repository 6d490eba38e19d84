import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { isLoopbackHttp } from '../../../../shared/base/loopback-url.ts';
import {
  callControlPublisher,
  type PublishCallControl,
} from '../../../../shared/wire/relay/call-control-messages.ts';
import type { Connection } from '../../settings/control-config.ts';
import type { ControlDeps } from '../../use-cases/deps.ts';

/** Tells relays something by way of Web PubSub, whose SDK is loaded with the first message. */
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
    publisher ??= load();
    await (await publisher)(callId, message);
  };
}

/** Says something to all workers of a call. */
export function workerTeller(tellRelay: PublishCallControl): NonNullable<ControlDeps['tellWorkers']> {
  return async (callId, data) => await tellRelay(callId, { type: 'message', data: z.json().parse(data) });
}
