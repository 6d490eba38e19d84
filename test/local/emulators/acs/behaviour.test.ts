import { afterEach, describe, expect, it } from 'vitest';
import type { AcsBehaviour } from '../../../../local/emulators/acs/call/behaviour.ts';
import { parseSubscriptions } from '../../../../local/emulators/event-grid/subscription-settings.ts';
import { until } from '../../../support/until.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../../support/webhook-receiver.ts';
import { acceptAll, CALLED, CALLER, type Harness, startHarness } from './acs-harness.ts';

const USER = '8:acs:0b1e4f0a-0000-4000-8000-000000000001_00000014-0000-4000-8000-000000000002';
const CALLING_TYPES = ['CallStarted', 'CallEnded', 'CallParticipantAdded', 'CallParticipantRemoved'].map(
  (type) => `Microsoft.Communication.${type}`,
);

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A stand-in whose calling events go to a second subscription. */
async function setUp(
  callingEvents: AcsBehaviour['callingEvents'],
): Promise<{ h: Harness; other: WebhookReceiver }> {
  const other = await startWebhookReceiver(acceptAll);
  const incoming = await startWebhookReceiver(acceptAll);
  const subscriptions = parseSubscriptions([
    { name: 'calling', endpointUrl: other.url, filter: { includedEventTypes: CALLING_TYPES } },
    {
      name: 'incoming',
      endpointUrl: incoming.url,
      filter: { includedEventTypes: ['Microsoft.Communication.IncomingCall'] },
    },
  ]);
  const h = await startHarness({ eventGrid: { subscriptions }, behaviour: { callingEvents } });
  closers.push(
    h.close,
    () => other.close(),
    () => incoming.close(),
  );
  return { h, other };
}

/** Types and subjects of the events, without the prefix, in the order of arrival. */
function received(other: WebhookReceiver): { type: string; data: Record<string, unknown> }[] {
  return other.requests
    .filter(({ headers }) => headers['aeg-event-type'] === 'Notification')
    .map(({ body }) => JSON.parse(body)[0])
    .map(({ eventType, data }) => ({ type: eventType.replace('Microsoft.Communication.', ''), data }));
}

async function runCall(h: Harness, from: string): Promise<void> {
  const call = h.acs.placeCall({ from, to: CALLED, phone: { tailMs: 1_000, maxMs: 60_000 } });
  await h.client.answerCall(call.ids.incomingCallContext, h.callbackUrl);
  await h.callback('ParticipantsUpdated');
  call.hangUpByCaller();
  await h.callback('CallDisconnected');
}

describe('the events of calls on Event Grid', () => {
  it('tell of a call between everybody, from its start to its end', async () => {
    const { h, other } = await setUp('all');
    await runCall(h, CALLER);
    const events = await until(() => received(other).length === 6 && received(other), 'six events');
    expect(events.map(({ type }) => type).sort()).toEqual([
      'CallEnded',
      'CallParticipantAdded',
      'CallParticipantAdded',
      'CallParticipantRemoved',
      'CallParticipantRemoved',
      'CallStarted',
    ]);
    const users = (wanted: string): unknown[] =>
      events
        .filter(({ type }) => type === wanted)
        .map(
          ({ data }) =>
            (data['user'] as { communicationIdentifier: { rawId: string } }).communicationIdentifier.rawId,
        )
        .sort();
    expect(users('CallParticipantAdded')).toEqual([`4:${CALLER}`, `4:${CALLED}`].sort());
    expect(users('CallParticipantRemoved')).toEqual(users('CallParticipantAdded'));
    expect(events.find(({ type }) => type === 'CallEnded')?.data).toMatchObject({
      endedBy: { communicationIdentifier: { rawId: `4:${CALLER}` } },
      startedBy: { communicationIdentifier: { rawId: `4:${CALLER}` } },
    });
  });

  it('leave telephones out, as the service documents it', async () => {
    const { h, other } = await setUp('documented');
    await runCall(h, CALLER);
    expect(received(other)).toEqual([]);
    const before = h.callbacks().length;
    const call = h.acs.placeCall({ from: USER, to: CALLED, phone: { tailMs: 1_000, maxMs: 60_000 } });
    await h.client.answerCall(call.ids.incomingCallContext, h.callbackUrl);
    await until(() => h.callbacks().length >= before + 2, 'the second call to be connected');
    call.hangUpByCaller();
    const events = await until(() => received(other).length === 4 && received(other), 'four events');
    expect(events.map(({ type }) => type).sort()).toEqual([
      'CallEnded',
      'CallParticipantAdded',
      'CallParticipantRemoved',
      'CallStarted',
    ]);
  });
});

describe('the URL rules of the service', () => {
  it('refuse http callbacks and ws streams', async () => {
    const h = await startHarness({ behaviour: { strictUrls: true } });
    closers.push(h.close);
    const { incomingCallContext } = await h.ring();
    await expect(h.client.answerCall(incomingCallContext, h.callbackUrl)).rejects.toMatchObject({
      statusCode: 400,
      code: '8523',
      message: expect.stringContaining('callbackUri'),
    });
    const mediaStreamingOptions = {
      transportType: 'websocket',
      audioChannelType: 'mixed',
      transportUrl: 'ws://127.0.0.1:9/',
    } as const;
    await expect(
      h.client.answerCall(incomingCallContext, 'https://example.com/cb', { mediaStreamingOptions }),
    ).rejects.toMatchObject({ message: expect.stringContaining('mediaStreamingOptions.transportUrl') });
    await h.client.answerCall(incomingCallContext, 'https://127.0.0.1:9/cb', {
      mediaStreamingOptions: { ...mediaStreamingOptions, transportUrl: 'wss://127.0.0.1:9/' },
    });
  });
});

describe('the headers of callbacks', () => {
  it.each<[Partial<AcsBehaviour>, RegExp, boolean]>([
    [{}, /^application\/json/, false],
    [
      { callbackContentType: 'application/cloudevents-batch+json', callbackConnectionIdHeader: true },
      /^application\/cloudevents-batch\+json/,
      true,
    ],
  ])('are chosen by %j', async (behaviour, contentType, named) => {
    const h = await startHarness({ behaviour });
    closers.push(h.close);
    const { call, incomingCallContext } = await h.ring();
    await h.client.answerCall(incomingCallContext, h.callbackUrl);
    await h.callback('CallConnected');
    const headers = h.webhook.requests.find(({ url }) => url === '/cb')?.headers;
    expect(headers?.['content-type']).toMatch(contentType);
    expect(headers?.['x-ms-call-connection-id']).toBe(named ? call.ids.callConnectionId : undefined);
  });
});
