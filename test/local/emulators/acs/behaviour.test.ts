import { afterEach, describe, expect, it } from 'vitest';
import type { AcsBehaviour } from '../../../../local/emulators/acs/call/behaviour.ts';
import { parseSubscriptions } from '../../../../local/emulators/event-grid/subscription-settings.ts';
import { until } from '../../../support/until.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../../support/webhook-receiver.ts';
import { type AcsFixture, acceptAll, CALLED, CALLER, startAcsFixture } from './acs-fixture.ts';

const USER = '8:acs:0b1e4f0a-0000-4000-8000-000000000001_00000014-0000-4000-8000-000000000002';
const CALLING_TYPES = ['CallStarted', 'CallEnded', 'CallParticipantAdded', 'CallParticipantRemoved'].map(
  (type) => `Microsoft.Communication.${type}`,
);

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** An emulator whose calling events go to a second subscription. */
async function setUp(
  callingEvents: AcsBehaviour['callingEvents'],
): Promise<{ f: AcsFixture; other: WebhookReceiver }> {
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
  const f = await startAcsFixture({ eventGrid: { subscriptions }, behaviour: { callingEvents } });
  closers.push(
    f.close,
    () => other.close(),
    () => incoming.close(),
  );
  return { f, other };
}

/** Types and subjects of the events, without the prefix, in the order of arrival. */
function received(other: WebhookReceiver): { type: string; data: Record<string, unknown> }[] {
  return other.requests
    .filter(({ headers }) => headers['aeg-event-type'] === 'Notification')
    .map(({ body }) => JSON.parse(body)[0])
    .map(({ eventType, data }) => ({ type: eventType.replace('Microsoft.Communication.', ''), data }));
}

async function runCall(f: AcsFixture, from: string): Promise<void> {
  const call = f.acs.placeCall({ from, to: CALLED, phone: { tailMs: 1_000, maxMs: 60_000 } });
  await f.client.answerCall(call.ids.incomingCallContext, f.callbackUrl);
  await f.callback('ParticipantsUpdated');
  call.hangUpByCaller();
  await f.callback('CallDisconnected');
}

describe('the events of calls on Event Grid', () => {
  it('tell of a call between everybody, from its start to its end', async () => {
    const { f, other } = await setUp('all');
    await runCall(f, CALLER);
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
    expect(users('CallParticipantAdded')).toEqual([`4:${CALLER}`, f.ownUserId].sort());
    expect(users('CallParticipantRemoved')).toEqual(users('CallParticipantAdded'));
    expect(events.find(({ type }) => type === 'CallEnded')?.data).toMatchObject({
      endedBy: { communicationIdentifier: { rawId: `4:${CALLER}` } },
      startedBy: { communicationIdentifier: { rawId: `4:${CALLER}` } },
    });
  });

  it('leave telephones out, as the service documents it', async () => {
    const { f, other } = await setUp('documented');
    await runCall(f, CALLER);
    expect(received(other)).toEqual([]);
    const before = f.callbacks().length;
    const call = f.acs.placeCall({ from: USER, to: CALLED, phone: { tailMs: 1_000, maxMs: 60_000 } });
    await f.client.answerCall(call.ids.incomingCallContext, f.callbackUrl);
    await until(() => f.callbacks().length >= before + 2, 'the second call to be connected');
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
    const f = await startAcsFixture({ behaviour: { strictUrls: true } });
    closers.push(f.close);
    const { incomingCallContext } = await f.ring();
    await expect(f.client.answerCall(incomingCallContext, f.callbackUrl)).rejects.toMatchObject({
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
      f.client.answerCall(incomingCallContext, 'https://example.com/cb', { mediaStreamingOptions }),
    ).rejects.toMatchObject({ message: expect.stringContaining('mediaStreamingOptions.transportUrl') });
    await f.client.answerCall(incomingCallContext, 'https://127.0.0.1:9/cb', {
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
    const f = await startAcsFixture({ behaviour });
    closers.push(f.close);
    const { call, incomingCallContext } = await f.ring();
    await f.client.answerCall(incomingCallContext, f.callbackUrl);
    await f.callback('CallConnected');
    const headers = f.webhook.requests.find(({ url }) => url === '/cb')?.headers;
    expect(headers?.['content-type']).toMatch(contentType);
    expect(headers?.['x-ms-call-connection-id']).toBe(named ? call.ids.callConnectionId : undefined);
  });
});
