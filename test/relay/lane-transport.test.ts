import { WebPubSubClient } from '@azure/web-pubsub-client';
import { expect, it } from 'vitest';
import { systemClock } from '../../relay/clock.ts';
import { useOwnWebSocket } from '../../relay/lane-transport.ts';

it('has a place in the client of Web PubSub', () => {
  const client = new WebPubSubClient('ws://127.0.0.1:1/client/hubs/calls');
  expect(useOwnWebSocket(client, systemClock), 'the client makes its WebSocket in another way').toBe(true);
});

it('leaves a client as it is that has no such place', () => {
  expect(useOwnWebSocket({} as WebPubSubClient, systemClock)).toBe(false);
});
