import type { SendMessageError } from '@azure/web-pubsub-client';
import { afterEach, describe, expect, it } from 'vitest';
import type { FaultPlan } from '../../../../../local/emulators/web-pubsub/faults/fault-plan.ts';
import { WebPubSubFaultEngine } from '../../../../../local/emulators/web-pubsub/faults/fault-plan.ts';
import type { WebPubSubOptions } from '../../../../../local/emulators/web-pubsub/service/server.ts';
import { LinkFaults } from '../../../../../local/emulators/web-pubsub/transport/client-link.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';
import { until } from '../../../../support/until.ts';
import { CONTROL_TOKEN, control } from '../control-client.ts';
import { clientToken, clientUrl, RawClient } from '../raw-client.ts';
import { connect, Resources, serviceClient, startService } from '../service.ts';
import { Webhook } from '../webhook.ts';

const resources = new Resources();
afterEach(() => resources.dispose());

/** A service whose handler takes every event, and a client. */
async function withHandler(faults: FaultPlan, options: WebPubSubOptions = {}) {
  const handler = await Webhook.start(resources);
  const service = await startService(resources, {
    hubs: { chat: [{ urlTemplate: handler.url, eventPattern: '*' }] },
    faults,
    limits: { handlerRetryDelaysMs: [1, 1, 1] },
    ...options,
  });
  const { client } = await connect(resources, service);
  const failureOf = (event: string): Promise<string | undefined> =>
    client.sendEvent(event, 'x', 'text').then(
      () => undefined,
      (error: SendMessageError) => error.errorDetail?.message,
    );
  const events = (): unknown[] => handler.events().map(({ headers }) => headers['ce-eventname']);
  return { service, failureOf, events };
}

describe('a plan of faults', () => {
  it.each([
    [{ rules: [{ on: 'media', fault: 'lose' }] }, 'rules[0], member on'],
    [{ rules: [{ on: 'rest', fault: 'error', status: 200 }] }, 'rules[0], member status'],
    [{ rules: [{ on: 'link', fault: 'latency', delayMs: [5, 1] }] }, 'rules[0], member delayMs'],
    [{ rules: [{ on: 'link', fault: 'latency', delayMs: { median: 5, p99: 1 } }] }, 'member delayMs'],
    [{ rules: [{ on: 'recovery', fault: 'refuse', hub: 7 }] }, 'rules[0], member hub'],
    [{ rule: [] }, 'the fault plan'],
  ])('is refused when it cannot be read: %j', (plan, what) => {
    const engine = new WebPubSubFaultEngine({ rules: [{ on: 'recovery', fault: 'refuse' }] });
    expect(() => engine.replace(plan)).toThrow(what);
    expect(engine.has('recovery'), 'the plan that was in force stays').toBe(true);
  });

  it('hits with its probability, not the first times, and not too often, the same with the same seed', () => {
    const plan: FaultPlan = {
      seed: 's',
      rules: [{ on: 'recovery', fault: 'refuse', probability: 0.5, skip: 2, count: 10 }],
    };
    const hits = (): boolean[] => {
      const engine = new WebPubSubFaultEngine(plan);
      const random = engine.shared('test');
      const drawn = Array.from(
        { length: 60 },
        () => engine.draw('recovery', { hub: 'chat', name: 'recovery' }, random).length > 0,
      );
      expect(engine.report().hits).toEqual([10]);
      return drawn;
    };
    const first = hits();
    expect(first.slice(0, 2)).toEqual([false, false]);
    expect(first.filter(Boolean)).toHaveLength(10);
    expect(hits()).toEqual(first);
  });

  it('delays each connection, each way, by delays of its own that the seed repeats', () => {
    const plan: FaultPlan = {
      seed: '7',
      rules: [{ on: 'link', fault: 'latency', hub: 'Chat', direction: 'toClient', delayMs: [10, 50] }],
    };
    const delays = (ordinal: number, direction: 'toClient' | 'toService', hub = 'chat'): number[] => {
      const link = new LinkFaults(new WebPubSubFaultEngine(plan), hub, ordinal, direction);
      return Array.from({ length: 5 }, () => link.nextDelayMs());
    };
    expect(delays(1, 'toClient')).toEqual(delays(1, 'toClient'));
    expect(delays(1, 'toClient')).not.toEqual(delays(2, 'toClient'));
    expect(delays(1, 'toService')).toEqual([0, 0, 0, 0, 0]);
    expect(delays(1, 'toClient', 'other')).toEqual([0, 0, 0, 0, 0]);
  });

  it('is told, replaced and ended through the control surface', async () => {
    const service = await startService(resources, { controlToken: CONTROL_TOKEN });
    const rules = [{ on: 'rest', fault: 'error', status: 503, operation: 'sendToAll' }];
    expect((await control(service, 'PUT', 'faults', { body: { rules } })).status).toBe(200);
    const admin = serviceClient(service, 'chat');
    await expect(admin.sendToAll('x')).rejects.toMatchObject({ statusCode: 503, code: 'InjectedFault' });
    await admin.group('room').sendToAll('x');
    expect((await control(service, 'GET', 'faults')).body).toMatchObject({ plan: { rules }, hits: [1] });
    const refused = await control(service, 'PUT', 'faults', { body: { rules: [{ on: 'rest' }] } });
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.body)).toContain('rules[0]');
    expect((await control(service, 'DELETE', 'faults')).status).toBe(204);
    await admin.sendToAll('x');
  });
});

describe('faults of connections', () => {
  it('let messages of a client wait, in order, and its acks come back late', async () => {
    const clock = new ManualClock(Date.now());
    const service = await startService(resources, {
      clock,
      faults: { rules: [{ on: 'link', fault: 'latency', delayMs: 100 }] },
    });
    const url = clientUrl(service, await clientToken(service, { 'webpubsub.group': 'room' }));
    const client = await RawClient.open(resources, url);
    await until(() => clock.pending().length === 1, 'the connected message under way');
    expect(client.frames).toEqual([]);
    clock.advance(100);
    await until(() => client.frames.length === 1, 'the connected message');
    client.send({ type: 'ping' });
    await until(() => clock.pending().length === 1, 'the ping under way');
    clock.advance(100);
    await until(() => clock.pending().length === 1, 'the pong under way');
    await serviceClient(service, 'chat').group('room').sendToAll('hi', { contentType: 'text/plain' });
    clock.advance(99);
    expect(client.frames).toHaveLength(1);
    clock.advance(1);
    await until(() => client.frames.length === 3, 'the pong, and the message behind it');
    expect(client.messages().map(({ type }) => type)).toEqual(['system', 'pong', 'message']);
  });

  it('let the end of a connection come behind the messages before it, both ways', async () => {
    const clock = new ManualClock(Date.now());
    const service = await startService(resources, {
      clock,
      faults: { rules: [{ on: 'link', fault: 'latency', hub: 'chat', delayMs: 100 }] },
      limits: { closeHandshakeMs: 50 },
    });
    const admin = serviceClient(service, 'chat');
    const token = await clientToken(service, { sub: 'ana', role: 'webpubsub.joinLeaveGroup' });
    const open = async (): Promise<RawClient> => {
      const client = await RawClient.open(
        resources,
        clientUrl(service, token),
        'json.reliable.webpubsub.azure.v1',
      );
      await until(() => clock.pending().length === 1, 'the connected message under way');
      clock.advance(100);
      await until(() => client.frames.length === 1, 'the connected message');
      return client;
    };
    const closed = await open();
    await admin.sendToUser('ana', 'last words', { contentType: 'text/plain' });
    await admin.closeUserConnections('ana', { reason: 'over' });
    clock.advance(100);
    expect(await closed.closed).toMatchObject({ code: 1000 });
    expect(closed.messages().map(({ data, event }) => data ?? event)).toEqual([
      'connected',
      'last words',
      'disconnected',
    ]);
    const leaving = await open();
    leaving.send({ type: 'joinGroup', group: 'late' });
    leaving.ws.terminate();
    await until(() => clock.pending().length > 0, 'the request under way');
    await leaving.closed;
    expect(await admin.groupExists('late')).toBe(false);
    clock.advance(100);
    expect(await admin.groupExists('late'), 'the request came before the end, and the session waits').toBe(
      true,
    );
  });

  it('tell a client that it cannot be recovered, as often as the plan says', async () => {
    const service = await startService(resources, {
      controlToken: CONTROL_TOKEN,
      faults: { rules: [{ on: 'recovery', fault: 'refuse', count: 1 }] },
    });
    const { client, connectionId } = await connect(resources, service, { client: { autoReconnect: true } });
    const order: string[] = [];
    client.on('disconnected', (event) => order.push(`lost ${event.connectionId === connectionId}`));
    client.on('connected', (event) => order.push(`new ${event.connectionId !== connectionId}`));
    await control(service, 'POST', 'drop');
    await until(() => order.length === 2, 'a new connection in the place of the old one');
    expect(order).toEqual(['lost true', 'new true']);
  });
});

describe('faults of event handlers', () => {
  it('are answers and failures that the handler never gave, and retries beat those that pass', async () => {
    const { failureOf, events } = await withHandler({
      rules: [
        { on: 'webhook', fault: 'error', status: 503, event: 'shaky', count: 2 },
        { on: 'webhook', fault: 'error', status: 403, event: 'Forbidden' },
        { on: 'webhook', fault: 'unreachable', event: 'gone' },
      ],
    });
    expect(await failureOf('shaky')).toBeUndefined();
    expect(await failureOf('forbidden')).toBe('The event handler answered 403.');
    expect(await failureOf('gone')).toBe('The event handler could not be reached.');
    expect(await failureOf('other')).toBeUndefined();
    expect(events()).toEqual(['shaky', 'other']);
  });

  it('are requests that leave later', async () => {
    const clock = new ManualClock(Date.now());
    const { failureOf, events } = await withHandler(
      { rules: [{ on: 'webhook', fault: 'delay', delayMs: 250 }] },
      { clock },
    );
    const failure = failureOf('slow');
    await until(() => clock.pending()[0] === 250, 'the event waiting');
    expect(events()).toEqual([]);
    clock.advance(250);
    expect(await failure).toBeUndefined();
    expect(events()).toEqual(['slow']);
  });
});

describe('faults of REST', () => {
  it('throttle with 429 and the time to wait, until there is room again', async () => {
    const clock = new ManualClock(Date.now());
    const service = await startService(resources, {
      clock,
      faults: { rules: [{ on: 'rest', fault: 'throttle', requestsPerSecond: 2 }] },
    });
    const admin = serviceClient(service, 'chat');
    await admin.sendToAll('1');
    await admin.sendToAll('2');
    const refusal = await admin.sendToAll('3').catch((error: unknown) => error);
    expect(refusal).toMatchObject({ statusCode: 429, code: 'TooManyRequests' });
    const { response } = refusal as { response: { headers: { get(name: string): string | undefined } } };
    expect(response.headers.get('retry-after')).toBe('1');
    expect(response.headers.get('retry-after-ms')).toBe('500');
    clock.advance(500);
    await admin.sendToAll('4');
  });

  it('are slow operations', async () => {
    const clock = new ManualClock(Date.now());
    const service = await startService(resources, {
      clock,
      faults: { rules: [{ on: 'rest', fault: 'slow', delayMs: 80, operation: 'sendToAll' }] },
    });
    const sent = serviceClient(service, 'chat').sendToAll('x');
    await until(() => clock.pending()[0] === 80, 'the operation waiting');
    clock.advance(80);
    await sent;
  });
});
