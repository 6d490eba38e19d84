import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EventGridDeserializer, isSystemEvent } from '@azure/eventgrid';
import { describe, expect, it } from 'vitest';
import definition from '../../../../local/emulators/acs/rest/api-definition.json' with { type: 'json' };
import { parseSubscriptions } from '../../../../local/emulators/event-grid/subscription-settings.ts';
import { closedAfterEach } from '../../../support/closed-after-each.ts';
import { until } from '../../../support/until.ts';
import { startWebhookReceiver } from '../../../support/webhook-receiver.ts';
import { acceptAll, CALLED, CALLER } from './acs-fixture.ts';
import { AGENT, addAnswering, startCallingFixture } from './calling-fixture.ts';

const STAND_IN = fileURLToPath(new URL('../../../../local/emulators/acs/', import.meta.url));
const README = readFileSync(join(STAND_IN, 'README.md'), 'utf8');
/** Names every type, whether it is sent or not. */
const LIST_OF_TYPES = 'callback-event.ts';

const SOURCES = readdirSync(STAND_IN, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith(LIST_OF_TYPES))
  .map((file) => readFileSync(join(STAND_IN, file), 'utf8'));

const EVENT_TYPES = Object.entries(definition.definitions)
  .filter(([, members]) => '...' in members && members['...'] === 'CallbackEvent')
  .map(([type]) => type);

/** Of the events of a call on Event Grid, which come in no order. */
const CALL_TYPES = [
  'IncomingCall',
  'CallStarted',
  'CallParticipantAdded',
  'CallParticipantRemoved',
  'CallEnded',
];

const fixture = closedAfterEach(startCallingFixture);
const startReceiver = closedAfterEach(startWebhookReceiver);

describe('every callback event of the API', () => {
  it('is defined', () => {
    expect(EVENT_TYPES.length).toBeGreaterThan(30);
  });

  it.each(EVENT_TYPES)('is sent, or the table of fidelity says that it is not: %s', (type) => {
    const sent = SOURCES.some((source) => source.includes(`'${type}'`));
    const row = README.split('\n').find((line) => line.startsWith('| Events that are never sent'));
    const named = row?.split(/[^A-Za-z]+/).includes(type) === true;
    expect({ sent, named }).toEqual(sent ? { sent: true, named: false } : { sent: false, named: true });
  });
});

describe('every event of a call on Event Grid', () => {
  it('is one of Microsoft’s client, in the Event Grid schema', async () => {
    const all = await startReceiver(acceptAll);
    const f = await fixture({
      eventGrid: { subscriptions: parseSubscriptions([{ name: 'all', endpointUrl: `${all.url}/events` }]) },
      behaviour: { callingEvents: 'all' },
    });
    const { ids } = f.acs.placeCall({ from: CALLER, to: CALLED, phone: { tailMs: 1_000, maxMs: 60_000 } });
    const { callConnection: call } = await f.client.answerCall(ids.incomingCallContext, f.callbackUrl);
    await f.callback('CallConnected');
    await addAnswering(f, call, AGENT);
    await call.hangUp(true);
    const bodies = await until(() => {
      const events = all.requests.filter(({ headers }) => headers['aeg-event-type'] === 'Notification');
      const arrived = (type: string) =>
        events.some(({ body }) => body.includes(`"Microsoft.Communication.${type}"`));
      return CALL_TYPES.every(arrived) && events.map(({ body }) => body);
    }, 'every event of the call on Event Grid');
    const read = (
      await Promise.all(
        bodies.map((body) => new EventGridDeserializer().deserializeEventGridEvents(JSON.parse(body))),
      )
    ).flat();
    const types = read.map(({ eventType }) => eventType.replace('Microsoft.Communication.', ''));
    expect(new Set(types)).toEqual(new Set(CALL_TYPES));
    for (const event of read) {
      expect(event.data, event.eventType).toMatchObject({
        serverCallId: expect.any(String),
        correlationId: expect.any(String),
      });
    }
    expect(read.some((event) => isSystemEvent('Microsoft.Communication.IncomingCall', event))).toBe(true);
  });
});
