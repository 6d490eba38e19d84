import type { CallConnection, CallLocator } from '@azure/communication-call-automation';
import { describe, expect, it } from 'vitest';
import type { Call } from '../../../../local/emulators/acs/call/call.ts';
import { createOpenMediaStream } from '../../../../local/emulators/acs/media/media-stream.ts';
import { closedAfterEach } from '../../../support/closed-after-each.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { until } from '../../../support/until.ts';
import { CALLER, types } from './acs-fixture.ts';
import {
  AGENT,
  addAnswering,
  agent,
  answeredCall,
  answeredSpeaker,
  type CallingFixture,
  caller,
  INVALID,
  NOT_FOUND,
  rawIdsOf,
  startCallingFixture,
} from './calling-fixture.ts';
import { type MediaConnection, samplesOf, startMediaServer } from './media/media-server.ts';

const fixture = closedAfterEach(startCallingFixture);
const startMedia = closedAfterEach(startMediaServer);

/** Connects another connection, whose events go to `path`. */
async function connectedTo(
  f: CallingFixture,
  locator: CallLocator,
  path: string,
  options: Parameters<CallingFixture['client']['connectCall']>[2] = {},
): Promise<{ connection: CallConnection; callConnectionId: string; serverCallId: string }> {
  const { callConnection, callConnectionProperties } = await f.client.connectCall(
    locator,
    `${f.webhook.url}${path}`,
    options,
  );
  const { callConnectionId = '', serverCallId = '' } = callConnectionProperties;
  await f.callbackWhere('CallConnected', (data) => data['callConnectionId'] === callConnectionId, path);
  return { connection: callConnection, callConnectionId, serverCallId };
}

/** A call that is answered, and to which a second connection is connected, whose events go to `/second`. */
async function callOfTwo(f: CallingFixture): Promise<{
  call: Call;
  locator: CallLocator;
  first: CallConnection;
  second: CallConnection;
}> {
  const { call, connection: first } = await answeredCall(f);
  const locator = { kind: 'serverCallLocator', id: call.ids.serverCallId } as const;
  const { connection: second } = await connectedTo(f, locator, '/second');
  return { call, locator, first, second };
}

/** Who was on the call according to the last ParticipantsUpdated at this address. */
function lastRoster(f: CallingFixture, path?: string): string[] {
  const updates = f.callbacks(path).filter(({ type }) => type.endsWith('.ParticipantsUpdated'));
  const last = updates
    .toSorted((a, b) => Number(a.data['sequenceNumber']) - Number(b.data['sequenceNumber']))
    .at(-1);
  return last === undefined ? [] : rawIdsOf(last.data['participants']).sort();
}

function mediaOptions(transportUrl: string) {
  return {
    transportType: 'websocket',
    audioChannelType: 'mixed',
    transportUrl,
    contentType: 'audio',
    startMediaStreaming: true,
    enableBidirectional: true,
  } as const;
}

/** Whether a frame of this value, throughout, has come. */
function hears(connection: MediaConnection | undefined, value: number): boolean {
  const frames = connection?.frames.filter(({ kind }) => kind === 'AudioData') ?? [];
  return frames.some((frame) => samplesOf(frame).every((sample) => sample === value));
}

describe('connectCall to a call that an application is on', () => {
  it('is another connection to the same call, of which both applications are told', async () => {
    const f = await fixture();
    const { call, connection: first } = await answeredCall(f);
    const { serverCallId } = call.ids;
    const second = await connectedTo(f, { kind: 'serverCallLocator', id: serverCallId }, '/second', {
      operationContext: 'joining',
    });
    expect(second.serverCallId).toBe(serverCallId);
    expect(second.callConnectionId).not.toBe(call.ids.callConnectionId);
    expect((await f.callback('CallConnected', '/second')).data).toMatchObject({
      operationContext: 'joining',
      serverCallId,
    });
    const { source } = await second.connection.getCallConnectionProperties();
    const sourceId =
      source !== undefined && 'communicationUserId' in source ? source.communicationUserId : '';
    const everybody = [`4:${CALLER}`, f.ownUserId, sourceId].sort();
    await until(() => lastRoster(f, '/second').length === 3, 'the second to be told who is there');
    await until(() => lastRoster(f).length === 3, 'the first to be told of the second');
    expect(lastRoster(f, '/second')).toEqual(everybody);
    expect(lastRoster(f)).toEqual(everybody);
    expect((await first.listParticipants()).values).toHaveLength(3);
    expect((await second.connection.listParticipants()).values).toHaveLength(3);
  });

  it('has media operations and a media stream of its own; the telephone hears and is heard by both', async () => {
    const f = await fixture({ openMediaStream: createOpenMediaStream() });
    const [firstMedia, secondMedia] = [await startMedia(), await startMedia()];
    const { call, phone } = await answeredSpeaker(f, 7, {
      mediaStreamingOptions: mediaOptions(firstMedia.url),
    });
    await f.callback('MediaStreamingStarted');
    await connectedTo(f, { kind: 'serverCallLocator', id: call.ids.serverCallId }, '/second', {
      mediaStreamingOptions: mediaOptions(secondMedia.url),
    });
    await f.callback('MediaStreamingStarted', '/second');
    await until(() => hears(firstMedia.connections[0], 7), 'the first to hear the telephone');
    await until(() => hears(secondMedia.connections[0], 7), 'the second to hear the telephone');
    for (const [{ connections }, value] of [
      [firstMedia, 300],
      [secondMedia, 500],
    ] as const) {
      const said = new Int16Array(320).fill(value);
      const audio = { data: Buffer.from(said.buffer).toString('base64') };
      // Said again and again: of what comes in while the process is held up, the room keeps the newest frames alone.
      await until(
        () => {
          connections[0]?.socket.send(JSON.stringify({ kind: 'AudioData', audioData: audio }));
          return phone.heard.some((frame) => frame.every((sample) => sample === value));
        },
        'the telephone to hear the application',
        8_000,
        100,
      );
    }
  });

  it('recognizes keys beside the first, which recognizes them too', async () => {
    const f = await fixture();
    const { call, first, second } = await callOfTwo(f);
    await first.getCallMedia().startContinuousDtmfRecognition(caller);
    await second.getCallMedia().startContinuousDtmfRecognition(caller);
    expect((await f.control('POST', `calls/${call.ids.id}/dtmf`, { keys: '5' })).status).toBe(202);
    for (const path of ['/cb', '/second']) {
      expect((await f.callback('ContinuousDtmfRecognitionToneReceived', path)).data).toMatchObject({
        tone: 'five',
        sequenceId: 1,
      });
    }
  });

  it('shows both who is added, muted and removed, by either of them', async () => {
    const f = await fixture();
    const { first, second } = await callOfTwo(f);
    await second.addParticipant({ targetParticipant: agent });
    const phone = (await f.callees.ringing(AGENT)).answer();
    await f.callback('AddParticipantSucceeded', '/second');
    expect(await first.getParticipant(agent)).toMatchObject({ isMuted: false });
    await first.muteParticipant(agent);
    expect(await second.getParticipant(agent)).toMatchObject({ isMuted: true });
    await first.removeParticipant(agent);
    await expect(second.getParticipant(agent)).rejects.toMatchObject(NOT_FOUND);
    expect(phone.ends).toEqual(['removed']);
    await first.hangUp(true);
    await f.callback('CallDisconnected', '/second');
    expect(types(f, '/second')).not.toContain('RemoveParticipantSucceeded');
  });

  it('goes on for one when the other leaves, and ends for both when one ends it for all', async () => {
    const f = await fixture();
    const { locator, first, second } = await callOfTwo(f);
    await first.hangUp(false);
    await f.callback('CallDisconnected');
    await until(() => lastRoster(f, '/second').length === 2, 'the second to be told that the first is gone');
    expect(await second.getCallConnectionProperties()).toMatchObject({ callConnectionState: 'connected' });
    const { connection: third } = await connectedTo(f, locator, '/third');
    await third.hangUp(true);
    await f.callback('CallDisconnected', '/second');
    await f.callback('CallDisconnected', '/third');
  });

  it('ends for both when the last telephone is put down', async () => {
    const f = await fixture();
    const { call } = await answeredCall(f);
    await connectedTo(f, { kind: 'serverCallLocator', id: call.ids.serverCallId }, '/second');
    call.hangUpByCaller();
    await f.callback('CallDisconnected');
    await f.callback('CallDisconnected', '/second');
    expect(call.outcome).toBe('hungUpByCaller');
  });

  it('is ConnectFailed when the call ends before the connection is established', async () => {
    const clock = new ManualClock(Date.now());
    const f = await fixture({ clock });
    const { call, incomingCallContext } = await f.ring();
    await f.client.answerCall(incomingCallContext, f.callbackUrl);
    clock.advance(100);
    await until(() => call.state === 'connected', 'the call to be connected');
    await f.client.connectCall(
      { kind: 'serverCallLocator', id: call.ids.serverCallId },
      `${f.webhook.url}/b`,
      {
        operationContext: 'late',
      },
    );
    call.hangUpByCaller();
    expect((await f.callback('ConnectFailed', '/b')).data).toMatchObject({
      operationContext: 'late',
      resultInformation: { code: 404, subCode: 8522 },
    });
  });

  it('is refused while the call rings or is being established, and where there is none', async () => {
    const clock = new ManualClock(Date.now());
    const f = await fixture({ clock });
    const { call, incomingCallContext } = await f.ring();
    const connect = (id: string): Promise<unknown> =>
      f.client.connectCall({ kind: 'serverCallLocator', id }, f.callbackUrl);
    const early = { statusCode: 400, code: '8501' };
    await expect(connect(call.ids.serverCallId)).rejects.toMatchObject(early);
    await f.client.answerCall(incomingCallContext, f.callbackUrl);
    await expect(connect(call.ids.serverCallId)).rejects.toMatchObject(early);
    await expect(connect('nothing')).rejects.toMatchObject(NOT_FOUND);
    await expect(connect('')).rejects.toMatchObject(INVALID);
  });
});

describe.each(['groupCallLocator', 'roomCallLocator'] as const)('connectCall with a %s', (kind) => {
  const locator = { kind, id: '29228d3e-040e-4656-a70e-890ab4e173e5' };

  it('opens a call with nobody else, to which people are added and others connect', async () => {
    const f = await fixture();
    const first = await connectedTo(f, locator, '/first');
    expect((await first.connection.listParticipants()).values).toHaveLength(1);
    const phone = await addAnsweringAt(f, first.connection, '/first');
    const second = await connectedTo(f, locator, '/second');
    expect(second.serverCallId).toBe(first.serverCallId);
    expect((await second.connection.listParticipants()).values).toHaveLength(3);
    const { calls } = (await (await f.control('GET', 'calls')).json()) as { calls: { id: string }[] };
    const joined = await f.control('POST', `scripts/${calls[0]?.id}/phones`, { from: CALLER, steps: [] });
    expect(joined.status, 'a telephone that joins by itself').toBe(204);
    expect(await second.connection.getParticipant(caller)).toMatchObject({ isMuted: false });
    const { recordingId } = await f.client.getCallRecording().start({ callLocator: locator });
    expect(await f.client.getCallRecording().getState(recordingId)).toMatchObject({
      recordingState: 'active',
    });
    await expect(
      f.client.getCallRecording().start({ callConnectionId: first.callConnectionId }),
      'the call is recorded once, whoever asks',
    ).rejects.toMatchObject({ statusCode: 400, code: '8553' });
    await second.connection.hangUp(true);
    await f.callback('CallDisconnected', '/first');
    expect(phone.ends).toHaveLength(1);
    const again = await connectedTo(f, locator, '/again');
    expect(again.serverCallId, 'the next one is another call').not.toBe(first.serverCallId);
  });

  async function addAnsweringAt(f: CallingFixture, connection: CallConnection, path: string) {
    await connection.addParticipant({ targetParticipant: agent });
    const phone = (await f.callees.ringing(AGENT)).answer();
    await f.callback('AddParticipantSucceeded', path);
    return phone;
  }
});

describe('people whom the application has left', () => {
  it('hear each other, and are joined again under the same server call', async () => {
    const f = await fixture();
    const { call, connection: first, phone } = await answeredSpeaker(f, 7);
    const other = await addAnswering(f, first, AGENT, new Int16Array(320).fill(9));
    await first.hangUp(false);
    await f.callback('CallDisconnected');
    await until(
      () => other.heard.at(-1)?.[0] === 7 && phone.heard.at(-1)?.[0] === 9,
      'both to hear the other',
    );
    const { connection } = await connectedTo(
      f,
      { kind: 'serverCallLocator', id: call.ids.serverCallId },
      '/again',
    );
    expect((await connection.listParticipants()).values).toHaveLength(3);
    await connection.hangUp(true);
    expect([phone.ends, other.ends]).toEqual([['hungUpByApplication'], ['hungUpByApplication']]);
  });
});
