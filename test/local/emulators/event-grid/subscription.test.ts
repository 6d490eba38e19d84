import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../../local/emulators/common/free-port.ts';
import { type Random, systemRandom } from '../../../../local/emulators/common/random.ts';
import type { EventGridEvent } from '../../../../local/emulators/event-grid/event.ts';
import {
  type Attempt,
  Subscription,
  type SubscriptionOptions,
} from '../../../../local/emulators/event-grid/subscription.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { until } from '../../../support/until.ts';
import {
  type ReceivedRequest,
  type Respond,
  startWebhookReceiver,
  type WebhookReceiver,
} from '../../../support/webhook-receiver.ts';

const EVENT: EventGridEvent = {
  id: 'event-1',
  topic: '/subscriptions/x',
  subject: '/caller/a/recipient/b',
  data: { hello: 'world' },
  eventType: 'Microsoft.Communication.IncomingCall',
  dataVersion: '1.0',
  metadataVersion: '1',
  eventTime: '2026-01-02T03:04:05.6780000Z',
};

/** Chance that adds nothing to the delays. */
const WITHOUT_JITTER: Random = { ...systemRandom, fraction: () => 0, branch: () => WITHOUT_JITTER };

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function receiver(respond?: Respond): Promise<WebhookReceiver> {
  const webhook = await startWebhookReceiver(respond);
  closers.push(() => webhook.close());
  return webhook;
}

function subscribe(endpoint: string, options: Partial<SubscriptionOptions> = {}): Subscription {
  const subscription = new Subscription({
    endpoint,
    topic: '/subscriptions/x',
    random: WITHOUT_JITTER,
    ...options,
  });
  closers.push(() => subscription.close());
  return subscription;
}

/**
 * Answers the validation event properly, and everything else with the given statuses in turn, the last one for ever.
 */
function validating(...statuses: number[]): Respond {
  let next = 0;
  return (request, response) => {
    if (request.headers['aeg-event-type'] === 'SubscriptionValidation') {
      const { validationCode } = JSON.parse(request.body)[0].data;
      response.writeHead(200).end(JSON.stringify({ validationResponse: validationCode }));
      return;
    }
    response.writeHead(statuses[Math.min(next++, statuses.length - 1)] ?? 200).end();
  };
}

function notifications(webhook: WebhookReceiver): ReceivedRequest[] {
  return webhook.requests.filter(({ headers }) => headers['aeg-event-type'] === 'Notification');
}

describe('the handshake of the Event Grid schema', () => {
  it('posts one validation event before the first notification, and only once', async () => {
    const webhook = await receiver(validating(200));
    const subscription = subscribe(webhook.url);
    await Promise.all([subscription.publish(EVENT), subscription.publish(EVENT)]);
    await subscription.publish(EVENT);
    expect(webhook.requests.map(({ headers }) => headers['aeg-event-type'])).toEqual([
      'SubscriptionValidation',
      'Notification',
      'Notification',
      'Notification',
    ]);
    const validation = JSON.parse(webhook.requests[0]?.body ?? '');
    expect(validation).toHaveLength(1);
    expect(Object.keys(validation[0])).toEqual([
      'id',
      'topic',
      'subject',
      'data',
      'eventType',
      'eventTime',
      'metadataVersion',
      'dataVersion',
    ]);
    expect(validation[0].eventType).toBe('Microsoft.EventGrid.SubscriptionValidationEvent');
  });

  it.each([
    ['202', (code: string) => [202, code] as const],
    ['a wrong code', () => [200, 'something else'] as const],
  ])('does not deliver to an endpoint that answers with %s', async (_, answer) => {
    const warnings: string[] = [];
    const clock = new ManualClock();
    const webhook = await receiver(({ body }, response) => {
      const [status, validationResponse] = answer(JSON.parse(body)[0].data.validationCode);
      response.writeHead(status).end(JSON.stringify({ validationResponse }));
    });
    const subscription = subscribe(webhook.url, {
      clock,
      policy: { ttlMs: 100 },
      onWarning: (sentence) => warnings.push(sentence),
    });
    await expect(subscription.publish(EVENT)).resolves.toEqual(['deadLettered']);
    expect(subscription.deadLetters).toMatchObject([{ reason: 'NotValidated', attempts: [] }]);
    expect(warnings).toHaveLength(1);
    expect(notifications(webhook)).toEqual([]);
  });

  it('waits for an endpoint that starts later, while the event lives', async () => {
    const port = await freePort();
    const clock = new ManualClock();
    const subscription = subscribe(`http://127.0.0.1:${port}`, { clock });
    const published = subscription.publish(EVENT);
    await until(() => clock.pending()[0] === 200, 'the first attempt to fail and the next to be 200 ms away');
    const webhook = await startWebhookReceiver(validating(200), port);
    closers.push(() => webhook.close());
    clock.advance(200);
    await expect(published).resolves.toEqual(['delivered']);
  });

  it('delivers after the validation URL was opened by hand', async () => {
    const webhook = await receiver();
    const ids: string[] = [];
    const subscription = subscribe(webhook.url, {
      validationUrl: (id) => {
        ids.push(id);
        return `https://grid.example/validate?id=${id}`;
      },
    });
    const published = subscription.publish(EVENT);
    const warned = await until(() => webhook.requests[0], 'the validation event');
    expect(JSON.parse(warned.body)[0].data.validationUrl).toBe(`https://grid.example/validate?id=${ids[0]}`);
    expect(subscription.confirm('something else'), 'an unknown id must confirm nothing').toBe(false);
    expect(subscription.confirm(ids[0] ?? '')).toBe(true);
    await expect(published).resolves.toEqual(['delivered']);
  });
});

describe('the handshake of the CloudEvents schema', () => {
  it.each(['eventgrid.azure.net', '*'])(
    'delivers where the endpoint allows the origin %s',
    async (origin) => {
      const webhook = await receiver(({ method }, response) => {
        if (method === 'OPTIONS') response.setHeader('WebHook-Allowed-Origin', origin);
        response.writeHead(200).end();
      });
      const subscription = subscribe(webhook.url, { schema: 'CloudEventSchemaV1_0' });
      await expect(subscription.publish(EVENT)).resolves.toEqual(['delivered']);
      const [handshake, delivery] = webhook.requests;
      expect(handshake).toMatchObject({
        method: 'OPTIONS',
        headers: { 'webhook-request-origin': 'eventgrid.azure.net' },
      });
      expect(delivery?.headers['content-type']).toMatch(/^application\/cloudevents\+json/);
      expect(JSON.parse(delivery?.body ?? '')).toMatchObject({ id: 'event-1', specversion: '1.0' });
    },
  );

  it('does not deliver where the origin is not allowed', async () => {
    const webhook = await receiver();
    const subscription = subscribe(webhook.url, {
      schema: 'CloudEventSchemaV1_0',
      clock: new ManualClock(),
      policy: { ttlMs: 100 },
    });
    await expect(subscription.publish(EVENT)).resolves.toEqual(['deadLettered']);
    expect(webhook.requests.map(({ method }) => method)).toEqual(['OPTIONS']);
  });
});

describe('delivery', () => {
  it('posts an array with the event and the headers of Event Grid', async () => {
    const webhook = await receiver(validating(200));
    await subscribe(`${webhook.url}/hook?code=secret`, { name: 'incoming' }).publish(EVENT);
    const [delivery] = notifications(webhook);
    expect(delivery?.url).toBe('/hook?code=secret');
    expect(delivery?.headers).toMatchObject({
      'aeg-event-type': 'Notification',
      'aeg-subscription-name': 'INCOMING',
      'aeg-delivery-count': '0',
      'aeg-data-version': '1.0',
      'aeg-metadata-version': '1',
    });
    expect(JSON.parse(delivery?.body ?? '')).toEqual([EVENT]);
  });

  it('repeats after 10 s, 30 s and a minute, counting its deliveries, until the endpoint accepts', async () => {
    const clock = new ManualClock();
    const webhook = await receiver(validating(500, 302, 429, 202));
    const attempts: Attempt[] = [];
    const startMs = clock.now();
    const published = subscribe(webhook.url, { clock }).publish(EVENT, {
      onAttempt: (attempt) => attempts.push(attempt),
    });
    for (const [index, delayMs] of [10_000, 30_000, 60_000].entries()) {
      // An attempt that is still under way has a timer too, of 30 s until it counts as silent.
      await until(
        () => attempts.length === index + 1 && clock.pending()[0] === delayMs,
        `attempt ${index + 1} to end and the next to be ${delayMs} ms away`,
      );
      clock.advance(delayMs);
    }
    await expect(published).resolves.toEqual(['delivered']);
    expect(attempts.map(({ atMs, result }) => [atMs - startMs, result])).toEqual([
      [0, 500],
      [10_000, 302],
      [40_000, 429],
      [100_000, 202],
    ]);
    expect(notifications(webhook).map(({ headers }) => headers['aeg-delivery-count'])).toEqual([
      '0',
      '1',
      '2',
      '3',
    ]);
  });

  it('takes an endpoint that is silent for 30 seconds for failed', async () => {
    const clock = new ManualClock();
    let silent = true;
    const webhook = await receiver((request, response, index) => {
      if (request.headers['aeg-event-type'] === 'Notification' && silent) return;
      validating(200)(request, response, index);
    });
    const attempts: Attempt[] = [];
    const published = subscribe(webhook.url, { clock }).publish(EVENT, {
      onAttempt: (attempt) => attempts.push(attempt),
    });
    await until(() => notifications(webhook).length === 1, 'the first notification');
    clock.advance(29_999);
    expect(attempts, 'a millisecond before the limit the attempt still waits').toEqual([]);
    clock.advance(1);
    await until(() => attempts.length === 1 && clock.pending()[0] === 10_000, 'the attempt to time out');
    expect(attempts[0]?.result).toBe('timeout');
    silent = false;
    clock.advance(10_000);
    await expect(published).resolves.toEqual(['delivered']);
  });

  it('gives up after the attempts allowed', async () => {
    const clock = new ManualClock();
    const webhook = await receiver(validating(500));
    const subscription = subscribe(webhook.url, { clock, policy: { maxAttempts: 2 } });
    const published = subscription.publish(EVENT);
    await until(() => clock.pending()[0] === 10_000, 'the second attempt to be 10 s away');
    clock.advance(10_000);
    await expect(published).resolves.toEqual(['deadLettered']);
    expect(subscription.deadLetters).toMatchObject([
      {
        event: { id: 'event-1' },
        reason: 'MaxDeliveryAttemptsExceeded',
        attempts: [{ result: 500 }, { result: 500 }],
      },
    ]);
  });

  it('gives up at once what the endpoint calls malformed', async () => {
    const webhook = await receiver(validating(400));
    const subscription = subscribe(webhook.url);
    await expect(subscription.publish(EVENT)).resolves.toEqual(['deadLettered']);
    expect(subscription.deadLetters).toMatchObject([{ reason: 'NotRetried' }]);
  });

  it('delivers copies of one event two at a time, each with its own attempts', async () => {
    const open: (() => void)[] = [];
    const webhook = await receiver((request, response, index) => {
      if (request.headers['aeg-event-type'] !== 'Notification') validating()(request, response, index);
      else open.push(() => response.writeHead(200).end());
    });
    const published = subscribe(webhook.url).publish(EVENT, { copies: 3 });
    await until(() => open.length === 2, 'two copies to be under way at once');
    expect(notifications(webhook)).toHaveLength(2);
    for (const finish of open.splice(0)) finish();
    await until(() => open.length === 1, 'the third copy');
    open[0]?.();
    await expect(published).resolves.toEqual(['delivered', 'delivered', 'delivered']);
    expect(new Set(notifications(webhook).map(({ body }) => body)).size).toBe(1);
  });

  it('ends at once when it is closed', async () => {
    const webhook = await receiver(validating(500));
    const clock = new ManualClock();
    const subscription = subscribe(webhook.url, { clock });
    const published = subscription.publish(EVENT);
    await until(() => clock.pending()[0] === 10_000, 'the second attempt to be 10 s away');
    await Promise.all([subscription.close(), subscription.close()]);
    await expect(published).resolves.toEqual(['closed']);
    expect(subscription.deadLetters).toEqual([]);
    expect(clock.pending()).toEqual([]);
  });
});
