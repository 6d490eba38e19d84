import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Random, seededRandom, systemRandom } from '../../../../local/emulators/common/random.ts';
import type { DeliveryFault } from '../../../../local/emulators/event-grid/delivery-gate.ts';
import type { EventGridEvent } from '../../../../local/emulators/event-grid/event.ts';
import {
  parseSubscriptions,
  type SubscriptionSettings,
} from '../../../../local/emulators/event-grid/subscription-settings.ts';
import { Topic, type TopicOptions } from '../../../../local/emulators/event-grid/topic.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { until } from '../../../support/until.ts';
import {
  type Respond,
  startWebhookReceiver,
  type WebhookReceiver,
} from '../../../support/webhook-receiver.ts';

const EVENT: EventGridEvent = {
  id: 'event-1',
  topic: '/subscriptions/x',
  subject: '/caller/a/recipient/b',
  data: { to: { phoneNumber: { value: '+14255550199' } } },
  eventType: 'Microsoft.Communication.IncomingCall',
  dataVersion: '1.0',
  metadataVersion: '1',
  eventTime: '2026-01-02T03:04:05.6780000Z',
};

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** Agrees to both handshakes, and answers events with this status. */
function answering(status: number): Respond {
  return ({ method, headers, body }, response) => {
    if (method === 'OPTIONS') {
      response.writeHead(200, { 'webhook-allowed-origin': '*' }).end();
    } else if (headers['aeg-event-type'] === 'SubscriptionValidation') {
      const validationResponse = JSON.parse(body)[0].data.validationCode;
      response.writeHead(200).end(JSON.stringify({ validationResponse }));
    } else {
      response.writeHead(status).end();
    }
  };
}

async function receiver(status = 200): Promise<WebhookReceiver> {
  const webhook = await startWebhookReceiver(answering(status));
  closers.push(() => webhook.close());
  return webhook;
}

function createTopic(
  subscriptions: readonly SubscriptionSettings[],
  more: Partial<TopicOptions> & { readonly clock: TopicOptions['clock'] },
): Topic {
  const topic = new Topic({
    topic: '/subscriptions/x',
    subscriptions,
    policy: {},
    random: systemRandom,
    validationUrl: (id) => `https://grid.example/${id}`,
    onWarning: () => {},
    ...more,
  });
  closers.push(() => topic.close());
  return topic;
}

function events(webhook: WebhookReceiver, path?: string): string[] {
  return webhook.requests
    .filter(({ headers, url }) => headers['aeg-event-type'] === 'Notification' && (path ?? url) === url)
    .map(({ body }) => {
      const parsed = JSON.parse(body);
      return (Array.isArray(parsed) ? parsed[0] : parsed).id;
    });
}

describe('a topic', () => {
  it('delivers to each subscription what its filter lets pass, in its own schema', async () => {
    const webhook = await receiver();
    const subscriptions = parseSubscriptions([
      { name: 'all', endpointUrl: `${webhook.url}/all` },
      {
        name: 'number',
        endpointUrl: `${webhook.url}/number`,
        eventDeliverySchema: 'CloudEventSchemaV1_0',
        filter: {
          includedEventTypes: ['Microsoft.Communication.IncomingCall'],
          advancedFilters: [
            { operatorType: 'StringIn', key: 'data.to.PhoneNumber.Value', values: ['+14255550199'] },
          ],
        },
      },
      {
        name: 'other',
        endpointUrl: `${webhook.url}/other`,
        filter: { includedEventTypes: ['Microsoft.Communication.CallStarted'] },
      },
    ]);
    const attempts: string[] = [];
    const topic = createTopic(subscriptions, {
      clock: new ManualClock(),
      onAttempt: (event, { result }, subscription) => attempts.push(`${subscription} ${event.id} ${result}`),
    });
    await expect(topic.publish(EVENT)).resolves.toEqual(['delivered', 'delivered']);
    await topic.publish({ ...EVENT, id: 'event-2', eventType: 'Microsoft.Communication.CallStarted' });
    expect(events(webhook, '/all')).toEqual(['event-1', 'event-2']);
    expect(events(webhook, '/number')).toEqual(['event-1']);
    expect(events(webhook, '/other')).toEqual(['event-2']);
    const names = webhook.requests.map(({ url, headers }) => [url, headers['aeg-subscription-name']]);
    expect(names).toContainEqual(['/number', 'NUMBER']);
    expect(attempts.sort()).toEqual([
      'all event-1 200',
      'all event-2 200',
      'number event-1 200',
      'other event-2 200',
    ]);
  });

  it('confirms a handshake of any of its subscriptions', async () => {
    const silent = await startWebhookReceiver();
    closers.push(() => silent.close());
    const ids: string[] = [];
    const topic = createTopic([{ name: 'a', endpoint: silent.url }], {
      clock: new ManualClock(),
      validationUrl: (id) => {
        ids.push(id);
        return `https://grid.example/${id}`;
      },
    });
    const published = topic.publish(EVENT);
    await until(() => silent.requests.length === 1, 'the validation event');
    expect(topic.confirm('other')).toBe(false);
    await until(() => topic.confirm(ids[0] ?? ''), 'the confirmation to be taken');
    await expect(published).resolves.toEqual(['delivered']);
  });

  it.each([
    [
      'EventGridSchema',
      {
        deadLetterReason: 'UndeliverableDueToHttpBadRequest',
        deliveryAttempts: 1,
        lastDeliveryOutcome: 'BadRequest',
        lastHttpStatusCode: 400,
      },
    ],
    [
      'CloudEventSchemaV1_0',
      {
        deadletterreason: 'UndeliverableDueToHttpBadRequest',
        deliveryattempts: 1,
        lastdeliveryoutcome: 'BadRequest',
        lasthttpstatuscode: 400,
      },
    ],
  ])('writes what it gave up to a file in the %s', async (eventDeliverySchema, fate) => {
    const folder = await mkdtemp(join(tmpdir(), 'dead-letters-'));
    closers.push(() => rm(folder, { recursive: true }));
    const deadLetterFile = join(folder, 'letters.jsonl');
    const webhook = await receiver(400);
    const topic = createTopic(
      parseSubscriptions([{ name: 'a', endpointUrl: webhook.url, eventDeliverySchema, deadLetterFile }]),
      { clock: new ManualClock() },
    );
    await topic.publish(EVENT);
    await topic.publish({ ...EVENT, id: 'event-2' });
    await topic.close();
    const lines = (await readFile(deadLetterFile, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { id: 'event-1', ...fate },
      { id: 'event-2', ...fate },
    ]);
    expect(topic.deadLetters).toMatchObject([
      { subscription: 'a', reason: 'NotRetried' },
      { subscription: 'a' },
    ]);
  });

  it('warns where a dead letter cannot be written', async () => {
    const webhook = await receiver(400);
    const warnings: string[] = [];
    const deadLetterFile = '/dev/null/nowhere';
    const topic = createTopic([{ name: 'a', endpoint: webhook.url, deadLetterFile }], {
      clock: new ManualClock(),
      onWarning: (sentence) => warnings.push(sentence),
    });
    await topic.publish(EVENT);
    await topic.close();
    expect(warnings).toEqual([expect.stringContaining('subscription a: a dead letter could not be written')]);
  });

  it('adds up to a tenth to each delay, the same again with the same seed', async () => {
    const firstDelay = async (random: Random): Promise<number> => {
      const webhook = await receiver(500);
      const clock = new ManualClock();
      const topic = createTopic([{ name: 'a', endpoint: webhook.url }], { clock, random });
      const published = topic.publish(EVENT);
      const delay = await until(
        () => clock.pending().find((ms) => ms >= 9_000 && ms < 30_000),
        'the next attempt',
      );
      await topic.close();
      await published;
      return delay;
    };
    const delays: number[] = [];
    for (const seed of ['a', 'a', 'b']) delays.push(await firstDelay(seededRandom(seed)));
    for (const delay of delays) {
      expect(delay).toBeGreaterThanOrEqual(10_000);
      expect(delay).toBeLessThanOrEqual(11_000);
    }
    expect(delays[1], 'the same seed gives the same delay').toBe(delays[0]);
    expect(delays[2], 'another seed gives another delay').not.toBe(delays[0]);
  });
});

describe('a subscription with faults', () => {
  function faulty(webhook: WebhookReceiver, faults: DeliveryFault[][], clock = new ManualClock()): Topic {
    return createTopic([{ name: 'a', endpoint: webhook.url }], {
      clock,
      drawFaults: () => () => faults.shift() ?? [],
    });
  }

  it('loses an event', async () => {
    const webhook = await receiver();
    await expect(faulty(webhook, [[{ type: 'lose' }]]).publish(EVENT)).resolves.toEqual(['lost']);
    expect(events(webhook)).toEqual([]);
  });

  it('delivers an event several times', async () => {
    const webhook = await receiver();
    const outcomes = await faulty(webhook, [[{ type: 'duplicate', copies: 3 }]]).publish(EVENT);
    expect(outcomes).toEqual(['delivered', 'delivered', 'delivered']);
    expect(events(webhook)).toEqual(['event-1', 'event-1', 'event-1']);
  });

  it('delivers an event late', async () => {
    const webhook = await receiver();
    const clock = new ManualClock();
    const published = faulty(webhook, [[{ type: 'delay', delayMs: 700 }]], clock).publish(EVENT);
    clock.advance(699);
    expect(webhook.requests).toEqual([]);
    clock.advance(1);
    await expect(published).resolves.toEqual(['delivered']);
  });

  it('lets a later event overtake', async () => {
    const webhook = await receiver();
    const topic = faulty(webhook, [[{ type: 'reorder', withinMs: 5_000 }]]);
    const first = topic.publish(EVENT);
    await topic.publish({ ...EVENT, id: 'event-2' });
    await first;
    expect(events(webhook)).toEqual(['event-2', 'event-1']);
  });

  it('does not wait for ever to be overtaken', async () => {
    const webhook = await receiver();
    const clock = new ManualClock();
    const published = faulty(webhook, [[{ type: 'reorder', withinMs: 5_000 }]], clock).publish(EVENT);
    clock.advance(5_000);
    await expect(published).resolves.toEqual(['delivered']);
  });
});

describe('the settings of subscriptions', () => {
  it('are those of an ARM template', () => {
    const [settings] = parseSubscriptions([
      {
        name: 'calls',
        endpointUrl: 'http://127.0.0.1:7071/x?code=s',
        retryPolicy: { eventTimeToLiveInMinutes: 1, maxDeliveryAttempts: 2 },
      },
    ]);
    expect(settings).toMatchObject({
      name: 'calls',
      endpoint: 'http://127.0.0.1:7071/x?code=s',
      schema: 'EventGridSchema',
      ttlMs: 60_000,
      maxAttempts: 2,
    });
  });

  it.each<[string, unknown, RegExp]>([
    ['an endpoint that is no URL', [{ name: 'a', endpointUrl: 'here' }], /0\.endpointUrl.*http or https URL/],
    [
      'two of the same name',
      ['a', 'A'].map((name) => ({ name, endpointUrl: 'http://127.0.0.1:1/' })),
      /names must differ/,
    ],
    [
      '31 attempts',
      [{ name: 'a', endpointUrl: 'http://127.0.0.1:1/', retryPolicy: { maxDeliveryAttempts: 31 } }],
      /maxDeliveryAttempts/,
    ],
    ['an unknown member', [{ name: 'a', endpointUrl: 'http://127.0.0.1:1/', colour: 1 }], /colour/],
    ['something else than a list', {}, /at the top/],
  ])('refuse %s', (_, value, sentence) => {
    expect(() => parseSubscriptions(value)).toThrow(sentence);
  });
});
