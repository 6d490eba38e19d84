import { describe, expect, it } from 'vitest';
import { audioData, audioMetadata, dtmf, frame, json } from '../listen/acs-messages.ts';
import { settled } from '../relay-clock.ts';
import { CALL_ID, sessionFixture as setUp } from './session-fixture.ts';

const OPEN_ATTEMPTS = 60;

describe('a session', () => {
  it('tells each worker of the call', async () => {
    const { lanes, open } = setUp({ workers: ['echo', 'scribe'] });
    await open();
    for (const name of ['echo', 'scribe']) {
      expect(lanes.of(name).events).toEqual([
        {
          type: 'call.started',
          callId: CALL_ID,
          callConnectionId: 'connection-1',
          correlationId: 'correlation-1',
          from: '4:+14255550100',
          to: '4:+14255550199',
          format: 'pcm16KMono',
          listen: 'chunk',
          participants: [],
          turn: 0,
          control: { url: 'https://control.example', token: `the token of ${name}`, peer: '4:+1' },
        },
      ]);
    }
  });

  it('brings what is said to every worker, and a slow worker holds up nobody', async () => {
    const { lanes, open, receive, hear, session } = setUp({ workers: ['slow', 'fast'] });
    await open();
    receive(audioMetadata());
    for (let i = 0; i < 3; i += 1) {
      hear(5);
      lanes.of('fast').acknowledge();
      await settled();
    }
    expect(lanes.of('slow').packets).toHaveLength(1);
    expect(lanes.of('fast').packets).toHaveLength(3);
    expect(session.report()).toMatchObject({ state: 'streaming', framesIn: 15, audioMsIn: 300, ignored: {} });
  });

  it('passes DTMF on', async () => {
    const { lanes, open, receive } = setUp();
    await open();
    receive(dtmf('#'));
    expect(lanes.of('echo').events.at(-1)).toEqual({ type: 'dtmf', tone: '#' });
  });

  it('counts and ignores what it cannot use, and serves the next frame', async () => {
    const { lanes, open, receive, hear, session } = setUp();
    await open();
    session.receive(Buffer.from([1, 2, 3]), true);
    receive(
      Buffer.from('not JSON'),
      Buffer.alloc(64 * 1024 + 1, 0x20),
      json({ kind: 'MarkData', markData: {} }),
      json({ kind: 'TranscriptionData', transcriptionData: { text: 'hello' } }),
      json({ kind: 'AudioData', audioData: { data: null, silent: false } }),
      audioData(new Uint8Array(100)),
      audioMetadata(24_000, 960),
      json({ kind: 'AudioMetadata', audioMetadata: { sampleRate: 16_000, channels: 2, length: 640 } }),
    );
    expect(session.report()).toMatchObject({
      framesIn: 0,
      ignored: {
        'binary message': 1,
        'not JSON': 1,
        'message too long': 1,
        'unknown kind': 1,
        transcription: 1,
        'audio without data': 1,
        'audio of another length than a frame has': 1,
        'metadata of another format than the plan has': 2,
      },
    });
    hear(5);
    expect(lanes.of('echo').packets).toHaveLength(1);
    expect(lanes.of('echo').packets[0], 'the two unusable frames left a gap').toMatchObject({
      timestamp: 640,
    });
  });

  it('takes a silent frame without data for 20 ms of silence', async () => {
    const { lanes, open, hear, receive } = setUp();
    await open();
    hear(2, 7);
    receive(json({ kind: 'AudioData', audioData: { silent: true } }));
    hear(2, 7);
    const payload = Buffer.from(lanes.of('echo').packets[0]?.payload ?? []);
    expect(payload.length).toBe(3_200);
    expect(payload.subarray(1_280, 1_920).every((byte) => byte === 0)).toBe(true);
    expect(payload[1_279]).toBe(7);
    expect(payload[1_920]).toBe(7);
  });

  it('tells participants of an unmixed call apart and names each before he is heard', async () => {
    const { lanes, open, receive } = setUp({ channels: 'unmixed' });
    await open();
    for (let i = 0; i < 5; i += 1) {
      receive(
        audioData(frame(1), { participantRawID: '4:+1' }),
        audioData(frame(2), { participantRawID: '8:acs:b' }),
      );
    }
    const lane = lanes.of('echo');
    for (let i = 0; i < 4 && lane.isWaitingForAck; i += 1) {
      lane.acknowledge();
      await settled();
    }
    expect(lane.events.slice(1)).toEqual([
      { type: 'participant', ssrc: 1, rawId: '4:+1' },
      { type: 'participant', ssrc: 2, rawId: '8:acs:b' },
    ]);
    expect(lane.packets.map(({ ssrc, payload }) => [ssrc, payload[0], payload.length])).toEqual([
      [1, 1, 3_200],
      [2, 2, 3_200],
    ]);
    expect(lane.sent.findIndex((each) => 'audio' in each)).toBe(3);
  });

  it('ends with the socket, after every worker has got the rest and the end', async () => {
    const { lanes, open, hear, session } = setUp();
    await open();
    hear(2);
    session.socketClosed();
    expect(session.report().state).toBe('ending');
    const lane = lanes.of('echo');
    lane.acknowledge();
    await settled();
    expect(lane.events.at(-1)).toEqual({ type: 'call.ended', reason: 'stream ended' });
    lane.acknowledge();
    await session.ended;
    expect(session.report()).toMatchObject({ state: 'ended', endedReason: 'stream ended' });
  });

  it('is closed once, for the first cause', async () => {
    const { session, socket, open, lanes } = setUp();
    await open();
    session.close('relay shutting down');
    session.close('replaced');
    session.socketClosed();
    expect(socket.closed).toEqual({ code: 1001, reason: 'relay shutting down' });
    expect(lanes.of('echo').events.at(-1)).toEqual({ type: 'call.ended', reason: 'relay shutting down' });
    expect(session.report().endedReason).toBe('relay shutting down');
  });

  it('ends without workers too, and not before its stream does', async () => {
    const { session, hear } = setUp({ workers: [] });
    await settled();
    expect(session.report().state).toBe('connected');
    hear(1);
    session.socketClosed();
    await session.ended;
    expect(session.report()).toMatchObject({ state: 'ended', framesIn: 1 });
  });

  it('goes on when a lane cannot be opened', async () => {
    const { session, lanes, clock, hear, socket } = setUp({ workers: ['away', 'echo'] });
    for (let i = 0; i < OPEN_ATTEMPTS; i += 1) {
      const away = lanes.of('away');
      if (!away.isStopped) away.failToStart();
      await clock.advance(5_000);
      if (i === 0) {
        lanes.of('echo').started();
        await settled();
        lanes.of('echo').acknowledge();
      }
    }
    const lane = lanes.of('echo');
    expect(session.report().workers.find(({ name }) => name === 'away')?.state).toBe('failed');
    if (lane.isStopped) throw new Error('the lane of echo is gone');
    hear(5);
    lane.replyAudio(frame(9));
    expect(socket.audio.includes(Buffer.from(frame(9)))).toBe(true);
  });
});
