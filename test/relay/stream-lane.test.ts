import { describe, expect, it } from 'vitest';
import { START_EVENT_ATTEMPTS, START_EVENT_WAIT_MS } from '../../relay/lane.ts';
import { ChunkAudio } from '../../relay/listening/chunk-audio.ts';
import { StreamLane } from '../../relay/stream/stream-lane.ts';
import { AUDIO_FORMATS } from '../../shared/core/audio-format.ts';
import { STREAM_MS } from '../../shared/core/plan.ts';
import { NO_VOICE } from '../../shared/core/voice-activity.ts';
import { PRESENCE_LIMIT_MS } from '../../shared/protocol/resident-messages.ts';
import type { CallEvent } from '../../shared/protocol/worker-messages.ts';
import { frame } from './acs-messages.ts';
import { RelayClock, settled } from './relay-clock.ts';
import { type ScriptedLane, scriptedLanes } from './scripted-lane.ts';

const { frameSamples, frameBytes } = AUDIO_FORMATS.pcm16KMono;
const STARTED: CallEvent = {
  type: 'call.started',
  callId: '0123456789abcdef',
  callConnectionId: 'connection-1',
  from: 'a',
  to: 'b',
  format: 'pcm16KMono',
  participants: [],
  turn: 0,
};
const ENDED: CallEvent = { type: 'call.ended', reason: 'stream ended' };

function setUp() {
  const clock = new RelayClock();
  const lanes = scriptedLanes();
  let pushed = 0;
  const lane = new StreamLane({
    callId: '0123456789abcdef',
    worker: 'resident',
    format: 'pcm16KMono',
    audio: new ChunkAudio({ format: 'pcm16KMono', chunkMs: STREAM_MS, maxBacklogMs: 400 }),
    clock,
    openConnection: lanes.open,
    callStarted: () => STARTED,
    onMessage: () => {},
    onOpened: () => {},
    onStateChange: () => {},
  });
  return {
    clock,
    lanes,
    lane,
    hear(frames: number) {
      for (let i = 0; i < frames; i += 1) {
        lane.pushFrame({
          ssrc: 0,
          pcm: frame(pushed % 251),
          timestamp: pushed * frameSamples,
          voice: NO_VOICE,
        });
        pushed += 1;
      }
    },
    async acknowledge(): Promise<void> {
      lanes.of('resident').acknowledge();
      await settled();
    },
    async join(): Promise<ScriptedLane> {
      const connection = lanes.of('resident');
      connection.started();
      await settled();
      connection.acknowledge();
      await settled();
      return connection;
    },
  };
}

function audioIn({ published }: ScriptedLane) {
  return published.flatMap((each) => ('audio' in each ? [each.audio] : []));
}

describe('a lane of a worker that stays with its call', () => {
  it('publishes nothing before a replica has acknowledged the call, and then all that waited, events first', async () => {
    const { lanes, lane, hear, join } = setUp();
    hear(6);
    lane.pushEvent({ type: 'dtmf', tone: '1' });
    const connection = lanes.of('resident');
    connection.started();
    await settled();
    expect(connection.events).toEqual([STARTED]);
    expect(connection.published).toEqual([]);
    await join();
    expect(connection.published[0]).toEqual({ event: { type: 'dtmf', tone: '1' } });
    expect(audioIn(connection)).toMatchObject([{ timestamp: 0, marker: true, payloadType: 96 }]);
    expect(audioIn(connection)[0]?.payload.byteLength).toBe(6 * frameBytes);
  });

  it('publishes 60 ms at a time without waiting for anybody', async () => {
    const { lane, hear, join } = setUp();
    const connection = await join();
    hear(9);
    expect(audioIn(connection).map(({ timestamp, payload }) => [timestamp, payload.byteLength])).toEqual(
      [0, 3, 6].map((at) => [at * frameSamples, 3 * frameBytes]),
    );
    lane.pushEvent({ type: 'interrupted', turn: 1, playedMs: 20 });
    expect(connection.published.at(-1)).toEqual({ event: { type: 'interrupted', turn: 1, playedMs: 20 } });
    expect(connection.packets, 'no audio travels as events of the lane').toEqual([]);
  });

  it('counts what it could not publish, and marks the audio after it', async () => {
    const { lane, hear, join } = setUp();
    const connection = await join();
    hear(3);
    await settled();
    connection.isDeaf = true;
    hear(3);
    await settled();
    connection.isDeaf = false;
    hear(3);
    expect(audioIn(connection)).toMatchObject([
      { timestamp: 0, marker: true },
      { timestamp: 6 * frameSamples, marker: true, sequenceNumber: 2 },
    ]);
    expect(lane.report()).toMatchObject({ chunksSent: 3, chunksFailed: 1, lostMs: 60, droppedMs: 0 });
  });

  it('waits again on a new connection until a replica has acknowledged that the call goes on', async () => {
    const { lane, lanes, hear, clock, join } = setUp();
    const first = await join();
    first.lose();
    hear(30);
    await clock.advance(100);
    const second = await join();
    expect(second).not.toBe(first);
    expect(second.events).toEqual([{ ...STARTED, resumed: true, discontinuity: expect.any(Boolean) }]);
    expect(audioIn(second)).toMatchObject([{ timestamp: 10 * frameSamples, marker: true }]);
    expect(lane.report(), 'the backlog of 400 ms was kept').toMatchObject({ reopened: 1, droppedMs: 200 });
    expect(lanes.all).toHaveLength(2);
  });

  it('tells of the call again at once when the replica that had it gives it up', async () => {
    const { lane, hear, join, acknowledge } = setUp();
    const connection = await join();
    hear(3);
    connection.replyJson({ type: 'resident.left', host: 'a' }, 'group');
    expect(connection.events.at(-1)).toEqual({ ...STARTED, resumed: true, discontinuity: false });
    hear(3);
    expect(audioIn(connection), 'nobody would hear it').toHaveLength(1);
    await acknowledge();
    expect(audioIn(connection)).toMatchObject([
      { timestamp: 0 },
      { timestamp: 3 * frameSamples, marker: false },
    ]);
    expect(lane.report()).toMatchObject({ state: 'open', lostMs: 0, droppedMs: 0, reopened: 0 });
  });

  it('tells of the call again when nobody has said for a while that he has it, until somebody takes it', async () => {
    const { clock, lanes, lane, join, acknowledge } = setUp();
    const connection = await join();
    await clock.advance(PRESENCE_LIMIT_MS - 1);
    connection.replyJson({ type: 'resident.here', host: 'a' }, 'group');
    await clock.advance(PRESENCE_LIMIT_MS - 1);
    expect(connection.events, 'a sign of life in time').toHaveLength(1);
    await clock.advance(1);
    expect(connection.events).toHaveLength(2);
    // It is acknowledged by a replica that says that it cannot take the call: tried again, and again after a while.
    for (let attempt = 2; attempt <= 1 + START_EVENT_ATTEMPTS; attempt += 1) {
      expect(connection.events).toHaveLength(attempt);
      lane.eventFailed();
      await acknowledge();
      await clock.advance(START_EVENT_WAIT_MS);
    }
    expect(connection.events).toHaveLength(1 + START_EVENT_ATTEMPTS);
    await clock.advance(PRESENCE_LIMIT_MS);
    expect(connection.events.at(-1)).toMatchObject({ type: 'call.started', resumed: true });
    expect(connection.events).toHaveLength(2 + START_EVENT_ATTEMPTS);
    await acknowledge();
    lane.end(ENDED);
    await acknowledge();
    await lane.closed;
    expect(clock.pending, 'no timer is left behind').toBe(0);
    expect(lanes.all).toHaveLength(1);
  });

  it('publishes the rest and the end, and ends the lane with it', async () => {
    const { lane, hear, join } = setUp();
    const connection = await join();
    hear(4);
    lane.end(ENDED);
    expect(audioIn(connection).at(-1)?.payload.byteLength, 'the rest, however short').toBe(frameBytes);
    expect(connection.published.at(-1)).toEqual({ event: ENDED });
    expect(connection.events.at(-1)).toEqual(ENDED);
    connection.acknowledge();
    await lane.closed;
    hear(3);
    expect(audioIn(connection)).toHaveLength(2);
    expect(lane.report()).toMatchObject({ state: 'closed', chunksSent: 2, droppedMs: 0 });
  });
});
