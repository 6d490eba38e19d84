/** After recorded requests and events about media of Microsoft's SDKs (Azure/azure-sdk-assets). */
import { afterEach, describe, expect, it } from 'vitest';
import { writeWav } from '../../../../../shared/audio/wav.ts';
import { until } from '../../../../support/until.ts';
import { type AcsFixture, CALLER, type WireEvent } from '../acs-fixture.ts';
import { clientOf } from '../client-of-version.ts';
import {
  eventOf,
  MediaOperationsFixture,
  refusedWith,
  wavFile,
} from '../media-operations/media-operations-fixture.ts';

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
    expect(await musicEvent(f, 'HoldAudioCompleted')).toMatchObject({
      operationContext: 'hold',
      resultInformation: { code: 400, subCode: 8508, message: 'Action falied, the operation was cancelled.' },
    });
  });

  it.each([
    ['a play that interrupts hold audio', interruptsHoldAudio],
    ['interruptAudioAndAnnounce', announces],
  ] as const)('pauses its music for %s, and goes on with it afterwards', async (_, asThere) => {
    const { f, phone, media, files } = await onHold(asThere);
    await media.play([{ kind: 'fileSource', url: `${files.url}/announcement.wav` }], [TARGET], {
      operationContext: 'announcement',
    });
    await musicEvent(f, 'HoldAudioResumed');
    const heardInTurn = () =>
      phone.heard().filter((sample, at, all) => sample !== 0 && sample !== all[at - 1]);
    await until(() => heardInTurn().length > 2, 'the music again');
    expect(heardInTurn()).toEqual(Int16Array.of(MUSIC, ANNOUNCEMENT, MUSIC));
    await media.unhold(TARGET);
    await musicEvent(f, 'HoldAudioCompleted');
    const told = f.callbacks().map(({ type, data }) => [type.split('.')[2], data['operationContext']]);
    expect(told.filter(([, context]) => context !== undefined).sort()).toEqual(
      [
        ['HoldAudioStarted', 'hold'],
        ['HoldAudioPaused', 'hold'],
        ['PlayStarted', 'announcement'],
        ['PlayCompleted', 'announcement'],
        ['HoldAudioResumed', 'hold'],
        ['HoldAudioCompleted', 'hold'],
      ].sort(),
    );
    await until(() => holds(f).length === 3, 'the updates');
    expect(holds(f), 'on hold throughout').toEqual([false, true, false]);
  });

  it('does not let a participant on hold hear what interrupts nothing', async () => {
    const { f, phone, media, files } = await onHold();
    await media.play([{ kind: 'fileSource', url: `${files.url}/announcement.wav` }], [TARGET], {
      operationContext: 'announcement',
    });
    await eventOf(f, 'announcement', 'PlayCompleted');
    expect(phone.heard()).not.toContain(ANNOUNCEMENT);
  });

  it('cannot be interrupted by an announcement in versions of the API that do not have it', async () => {
    const { f, call } = await fixture.answeredCall();
    const media = clientOf(f, '2025-05-15', announces)
      .getCallConnection(call.ids.callConnectionId)
      .getCallMedia();
    await expect(
      media.play([{ kind: 'fileSource', url: 'https://nowhere/a.wav' }], [TARGET]),
    ).rejects.toEqual(refusedWith(404, 'NotFound'));
  });
});

/** The samples of two constant sounds. */
const MUSIC = 100;
const ANNOUNCEMENT = 200;

interface Sent {
  method: string;
  body: Record<string, unknown>;
}

function interruptsHoldAudio({ method, body }: Sent): void {
  if (method === 'play') body['playOptions'] = { loop: false, interruptHoldAudio: true };
}

function announces(request: Sent): void {
  if (request.method !== 'play') return;
  const { playSources, playTo, operationContext } = request.body;
  request.method = 'interruptAudioAndAnnounce';
  request.body = { playSources, playTo: (playTo as unknown[])[0], operationContext };
}

/** A call whose caller hears music on hold. */
async function onHold(asThere?: Parameters<typeof clientOf>[2]) {
  const { f, call, phone } = await fixture.answeredCall();
  const files = await fixture.serveFiles({
    '/music.wav': writeWav(new Int16Array(640).fill(MUSIC), 16_000),
    '/announcement.wav': writeWav(new Int16Array(640).fill(ANNOUNCEMENT), 16_000),
  });
  const media = clientOf(f, '2024-09-01-preview', asThere)
    .getCallConnection(call.ids.callConnectionId)
    .getCallMedia();
  await media.hold(TARGET, {
    playSource: { kind: 'fileSource', url: `${files.url}/music.wav` },
    operationContext: 'hold',
  });
  await musicEvent(f, 'HoldAudioStarted');
  await until(() => phone.heard().includes(MUSIC), 'the music');
  return { f, phone, media, files };
}

async function musicEvent(f: AcsFixture, type: string): Promise<WireEvent['data']> {
  const event = await until(() => f.callbacks().find((each) => each.type.endsWith(`.${type}`)), type);
  return event.data;
}
