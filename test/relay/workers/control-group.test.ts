/**
 * A call is changed while it lasts: control messages go through the Web PubSub emulator to the relay that has the call.
 */
import { randomUUID } from 'node:crypto';
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { WebPubSubClient } from '@azure/web-pubsub-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { groupPublisher } from '../../../shared/web-pubsub/group-publisher.ts';
import { controlGroup, HUB } from '../../../shared/wire/names.ts';
import { callControlPublisher } from '../../../shared/wire/relay/call-control-messages.ts';
import { until } from '../../support/until.ts';
import { CALL_ID, TICKET_KEY } from '../relay-fixture.ts';
import { call, type WebPubSubFixture, webPubSubFixture } from '../web-pubsub/web-pubsub-fixture.ts';

function controlOf({ webPubSub }: WebPubSubFixture) {
  const { connectionString } = webPubSub;
  return callControlPublisher({
    publish: groupPublisher({ connectionString, isLoopback: true }),
    ticketKey: TICKET_KEY,
    nowMs: () => Date.now(),
    newId: randomUUID,
  });
}

/** The JSON events that a worker was sent. */
function eventsOf({ webhook }: WebPubSubFixture, name: string): { type: string }[] {
  return webhook.events
    .filter(
      ({ worker, headers }) => worker === name && headers['content-type'] !== 'application/octet-stream',
    )
    .map(({ body }) => JSON.parse(String(body)) as { type: string });
}

describe('the control group of a call', () => {
  it('puts a worker on the call, says something to it, and takes it off', async () => {
    const there = await webPubSubFixture();
    await call(there);
    const publish = controlOf(there);
    await until(() => eventsOf(there, 'echo').length > 0, 'the call to begin');
    await publish(CALL_ID, {
      type: 'attach',
      worker: { name: 'scribe', listen: { mode: 'chunk', ms: 100 } },
    });
    await until(() => eventsOf(there, 'scribe').length === 1, 'the scribe to be told of the call');
    await publish(CALL_ID, { type: 'message', worker: 'scribe', data: { note: 'be brief' } });
    await publish(CALL_ID, { type: 'detach', worker: 'scribe' });
    await until(() => eventsOf(there, 'scribe').length === 3, 'the scribe to be told of the end');
    expect(eventsOf(there, 'scribe')).toMatchObject([
      { type: 'call.started', callId: CALL_ID },
      { type: 'message', data: { note: 'be brief' } },
      { type: 'call.ended', reason: 'detached' },
    ]);
    expect(eventsOf(there, 'echo')).toHaveLength(1);
  });

  it('reaches a call without workers', async () => {
    const there = await webPubSubFixture();
    await call(there, []);
    const service = new WebPubSubServiceClient(there.webPubSub.connectionString, HUB, {
      allowInsecureConnection: true,
    });
    await until(() => service.groupExists(controlGroup(CALL_ID)), 'the relay to hear the group');
    await controlOf(there)(CALL_ID, {
      type: 'attach',
      worker: { name: 'late', listen: { mode: 'chunk', ms: 100 } },
    });
    await until(() => eventsOf(there, 'late').length === 1, 'the worker to be told of the call');
  });

  it('is closed to clients: the token of a lane does not let anybody publish there', async () => {
    const there = await webPubSubFixture();
    await call(there);
    await until(() => eventsOf(there, 'echo').length > 0, 'the call to begin');
    const service = new WebPubSubServiceClient(there.webPubSub.connectionString, HUB, {
      allowInsecureConnection: true,
    });
    // As strong a token as any that a worker is given for its call.
    const { url } = await service.getClientAccessToken({
      userId: CALL_ID,
      roles: [`webpubsub.sendToGroup.call.${CALL_ID}.down.echo`],
    });
    const client = new WebPubSubClient(url, { autoReconnect: false });
    onTestFinished(() => client.stop());
    await client.start();
    await expect(client.sendToGroup(controlGroup(CALL_ID), {}, 'json')).rejects.toMatchObject({
      errorDetail: { name: 'Forbidden' },
    });
  });
});
