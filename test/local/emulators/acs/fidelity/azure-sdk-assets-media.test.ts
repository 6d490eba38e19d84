/** After recorded requests and events about media of Microsoft's SDKs (Azure/azure-sdk-assets). */
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../../../support/until.ts';
import { type AcsFixture, CALLER, type WireEvent } from '../acs-fixture.ts';
import { clientOf } from '../client-of-version.ts';
import { eventOf, MediaOperationsFixture, wavFile } from '../media-operations/media-operations-fixture.ts';

const fixture = new MediaOperationsFixture();
afterEach(() => fixture.close());

const TARGET = { phoneNumber: CALLER };

/** Whether the caller was on hold, in the order of the updates. */
function holds(f: AcsFixture): unknown[] {
  const updates = f.callbacks().filter(({ type }) => type.endsWith('.ParticipantsUpdated'));
  return updates
    .map(({ data }) => data as { sequenceNumber: number; participants: { isOnHold: boolean }[] })
    .toSorted((a, b) => a.sequenceNumber - b.sequenceNumber)
    .map(({ participants }) => participants[0]?.isOnHold);
}

describe('playing to one participant', () => {
  it('shows the participant on hold before, and no longer afterwards', async () => {
    const { f, media } = await fixture.answeredCall();
    const files = await fixture.serveFiles({ '/short.wav': wavFile(320) });
    await media.play([{ kind: 'fileSource', url: `${files.url}/short.wav` }], [TARGET], {
      operationContext: 'play',
    });
    await eventOf(f, 'play', 'PlayCompleted');
    await until(() => holds(f).length === 3, 'the updates');
    expect(holds(f)).toEqual([false, true, false]);
  });

  it('to all shows nobody on hold', async () => {
    const { f, media } = await fixture.answeredCall();
    const files = await fixture.serveFiles({ '/short.wav': wavFile(320) });
    await media.playToAll([{ kind: 'fileSource', url: `${files.url}/short.wav` }], {
      operationContext: 'all',
    });
    await eventOf(f, 'all', 'PlayCompleted');
    await media.hold(TARGET);
    await until(() => holds(f).length === 2, 'the update');
    expect(holds(f)).toEqual([false, true]);
  });
});

describe('hold with a play source', () => {
  it('tells when its music starts and ends where the version of the API knows that', async () => {
    const { f, call } = await fixture.answeredCall();
    const files = await fixture.serveFiles({ '/music.wav': wavFile(640) });
    const media = clientOf(f, '2024-09-01-preview')
      .getCallConnection(call.ids.callConnectionId)
      .getCallMedia();
    await media.hold(TARGET, {
      playSource: { kind: 'fileSource', url: `${files.url}/music.wav` },
      operationContext: 'hold',
    });
    expect(await musicEvent(f, 'HoldAudioStarted')).toMatchObject({
      operationContext: 'hold',
      resultInformation: { code: 200, subCode: 0 },
    });
    await media.unhold(TARGET);
    expect(await musicEvent(f, 'HoldAudioCompleted')).toMatchObject({ operationContext: 'hold' });
  });
});

async function musicEvent(f: AcsFixture, type: string): Promise<WireEvent['data']> {
  const event = await until(() => f.callbacks().find((each) => each.type.endsWith(`.${type}`)), type);
  return event.data;
}
