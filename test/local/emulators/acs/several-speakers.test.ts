import type { MediaStreamingOptions } from '@azure/communication-call-automation';
import { afterEach, describe, expect, it } from 'vitest';
import { openMediaStream } from '../../../../local/emulators/acs/media/media-stream.ts';
import { until } from '../../../support/until.ts';
import { CALLER } from './acs-fixture.ts';
import {
  AGENT,
  agent,
  answeredSpeaker,
  type CallingFixture,
  COLLEAGUE,
  colleague,
  startCallingFixture,
} from './calling-fixture.ts';
import { type MediaConnection, type MediaServer, samplesOf, startMediaServer } from './media/media-server.ts';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const FRAME = 320;

/** The emulator, which opens sockets for media, and an application that takes them. */
async function setUp(): Promise<{ server: MediaServer; f: CallingFixture }> {
  const server = await startMediaServer();
  const f = await startCallingFixture({ openMediaStream });
  closers.push(f.close, server.close);
  return { server, f };
}

function streamedTo(
  server: MediaServer,
  audioChannelType: 'mixed' | 'unmixed',
  startMediaStreaming: boolean,
): MediaStreamingOptions {
  return {
    transportType: 'websocket',
    transportUrl: server.url,
    contentType: 'audio',
    audioChannelType,
    startMediaStreaming,
  };
}

/** One sample value of the newest frame of each speaker since the call; undefined for who is not streamed. */
async function newestOf(stream: MediaConnection, count: number): Promise<Map<unknown, number | undefined>> {
  const from = stream.frames.length;
  await until(() => stream.frames.length >= from + count, 'more frames');
  const newest = new Map<unknown, number | undefined>();
  for (const frame of stream.frames.slice(-count)) {
    if (frame.kind === 'AudioData')
      newest.set(frame.json['audioData']?.['participantRawID'], samplesOf(frame)[0]);
  }
  return newest;
}

describe('a call of several people', () => {
  it('is streamed with each of them apart, who join, are muted and leave while it streams', async () => {
    const { server, f } = await setUp();
    const mediaStreamingOptions = streamedTo(server, 'unmixed', true);
    const { phone, connection } = await answeredSpeaker(f, 100, { mediaStreamingOptions });
    await f.callback('MediaStreamingStarted');
    const stream = await until(() => server.connections[0], 'the media socket');

    await connection.addParticipant({ targetParticipant: agent });
    const added = (await f.callees.ringing(AGENT)).answer(new Int16Array(FRAME).fill(7));
    await until(async () => (await newestOf(stream, 4)).get(AGENT) === 7, 'the agent to be streamed');
    expect((await newestOf(stream, 4)).get(`4:${CALLER}`)).toBe(100);
    await until(() => added.heard.length > 0, 'the agent to hear the caller');
    expect(added.heard[0]?.[0]).toBe(100);
    expect(phone.heard.at(-1)?.[0], 'and the caller the agent').toBe(7);

    await connection.muteParticipant(agent);
    await until(async () => (await newestOf(stream, 4)).get(AGENT) === 0, 'the agent to be silent');

    await connection.removeParticipant(agent);
    await until(async () => !(await newestOf(stream, 4)).has(AGENT), 'the agent to be gone from the stream');
    expect((await newestOf(stream, 4)).get(`4:${CALLER}`)).toBe(100);
  });

  it('lets them hear each other before, during and after a media stream', async () => {
    const { server, f } = await setUp();
    const mediaStreamingOptions = streamedTo(server, 'mixed', false);
    const { phone, connection } = await answeredSpeaker(f, 100, { mediaStreamingOptions });
    await connection.addParticipant({ targetParticipant: agent });
    const added = (await f.callees.ringing(AGENT)).answer(new Int16Array(FRAME).fill(7));
    const both = async (when: string): Promise<void> => {
      const [before, beforeOther] = [phone.heard.length, added.heard.length];
      await until(
        () => phone.heard.length > before + 5 && added.heard.length > beforeOther + 5,
        `both to hear ${when}`,
      );
      expect([phone.heard.at(-1)?.[0], added.heard.at(-1)?.[0]], when).toEqual([7, 100]);
    };
    await both('before the stream');
    await connection.getCallMedia().startMediaStreaming();
    await f.callback('MediaStreamingStarted');
    await both('during the stream');
    await connection.getCallMedia().stopMediaStreaming();
    await f.callback('MediaStreamingStopped');
    await both('after the stream');
    expect(server.connections, 'one stream').toHaveLength(1);
  });

  it('is carried on by another call, with its own stream, when somebody is moved', async () => {
    const { server, f } = await setUp();
    const mediaStreamingOptions = streamedTo(server, 'unmixed', true);
    const place = async (
      rawId: string,
      says: number,
    ): Promise<Awaited<ReturnType<typeof f.client.createCall>>> => {
      const target = { targetParticipant: { communicationUserId: rawId } };
      const result = await f.client.createCall(target, f.callbackUrl, { mediaStreamingOptions });
      (await f.callees.ringing(rawId)).answer(new Int16Array(FRAME).fill(says));
      const { callConnectionId } = result.callConnectionProperties;
      await f.callbackWhere('MediaStreamingStarted', (data) => data['callConnectionId'] === callConnectionId);
      return result;
    };
    const first = await place(AGENT, 7);
    const second = await place(COLLEAGUE, 9);
    const { callConnectionId: from = '' } = second.callConnectionProperties;
    await first.callConnection.moveParticipants([colleague], from);
    const stream = await until(() => server.connections[0], 'the first socket');
    await until(
      async () => (await newestOf(stream, 4)).get(COLLEAGUE) === 9,
      'the colleague in the first stream',
    );
    expect((await newestOf(stream, 4)).get(AGENT)).toBe(7);
    await until(() => server.connections[1]?.closeCode === 1000, 'the stream of the other call to be closed');
  });
});
