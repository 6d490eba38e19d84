import { describe, expect, it } from 'vitest';
import { RELEASE_LIMIT_MS } from '../../../relay/lane/lane-machine.ts';
import { residentDelivery } from '../../../relay/lane/resident-delivery.ts';
import { AUDIO_FORMATS } from '../../../shared/audio/audio-format.ts';
import { STREAM_MS } from '../../../shared/call/plan.ts';
import { PRESENCE_LIMIT_MS } from '../../../shared/wire/lane/resident-messages.ts';
import type { LaneEvent } from '../../../shared/wire/lane/worker-messages.ts';
import { settled } from '../relay-clock.ts';
import { ENDED, laneFixture, STARTED } from './lane-fixture.ts';
import type { ScriptedLane } from './scripted-lane.ts';

const ASK_LIMIT_MS = 300;
const START_EVENT_WAIT_MS = 1_000;
const START_EVENT_ATTEMPTS = 3;

const { frameSamples, frameBytes } = AUDIO_FORMATS.pcm16KMono;
const setUp = (more: Partial<Parameters<typeof laneFixture>[0]> = {}) =>
  laneFixture({
    worker: 'resident',
    delivery: residentDelivery,
    chunkMs: STREAM_MS,
    maxBacklogMs: 400,
    ...more,
  });

function audioIn({ published }: ScriptedLane) {
  return published.flatMap((each) => ('audio' in each ? [each.audio] : []));
}

describe('a lane of a worker that stays with its call', () => {
  it('publishes nothing before a replica has acknowledged the call, and then all that waited, events first', async () => {
    const { lanes, lane, hear, open: join } = setUp();
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
    const { lane, hear, open: join } = setUp();
    const connection = await join();
    hear(9);
    expect(audioIn(connection).map(({ timestamp, payload }) => [timestamp, payload.byteLength])).toEqual(
      [0, 3, 6].map((at) => [at * frameSamples, 3 * frameBytes]),
    );
    lane.pushEvent({ type: 'interrupted', turn: 1, playedMs: 20 });
    expect(connection.published.at(-1)).toEqual({ event: { type: 'interrupted', turn: 1, playedMs: 20 } });
    expect(connection.packets, 'no audio travels as events of the lane').toEqual([]);
  });

  it('keeps what the connection does not take for a while, events first, and what is too much of it not', async () => {
    const { lane, hear, open: join } = setUp();
    const connection = await join();
    connection.isCongested = true;
    hear(30);
    lane.pushEvent({ type: 'dtmf', tone: '1' });
    expect(connection.published).toEqual([]);
    connection.isCongested = false;
    hear(1);
    expect(connection.published[0]).toEqual({ event: { type: 'dtmf', tone: '1' } });
    expect(audioIn(connection)[0]).toMatchObject({ timestamp: 11 * frameSamples, marker: true });
    expect(lane.report()).toMatchObject({ chunksFailed: 0, lostMs: 0, droppedMs: 220 });
  });

  it('keeps as many events as any lane while no replica has joined, the newest ones', async () => {
    const { lanes, lane, open: join } = setUp();
    for (let turn = 0; turn < 70; turn += 1) lane.pushEvent({ type: 'interrupted', turn, playedMs: 0 });
    await join();
    const turns = lanes
      .of('resident')
      .published.flatMap((each) =>
        'event' in each && each.event.type === 'interrupted' ? [each.event.turn] : [],
      );
    expect(turns).toEqual(Array.from({ length: 64 }, (_, i) => i + 6));
    expect(lane.report().eventsFailed).toBe(6);
  });

  it('counts what it could not publish, and marks the audio after it', async () => {
    const { lane, hear, open: join } = setUp();
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
    const { lane, lanes, hear, clock, open: join } = setUp();
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
    const { lane, hear, open: join, acknowledge } = setUp();
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
    const { clock, lanes, lane, open: join, acknowledge } = setUp();
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

  it('says that it is there while it has nothing else to publish, as when everybody is silent', async () => {
    const { hear, open: join } = setUp();
    const connection = await join();
    const here = (): void => connection.replyJson({ type: 'resident.here', host: 'a' }, 'group');
    here();
    expect(connection.published, 'it has just sent the call').toEqual([]);
    here();
    expect(connection.published).toEqual([{ event: { type: 'relay.here' } }]);
    hear(3);
    here();
    expect(connection.published, 'the audio has said so').toHaveLength(2);
    here();
    expect(connection.published.at(-1)).toEqual({ event: { type: 'relay.here' } });
  });

  it('takes the first packets of another replica for no repetition of those of the one before', async () => {
    let restarts = 0;
    const { open: join } = setUp({
      onNumbersRestart: () => {
        restarts += 1;
      },
    });
    const connection = await join();
    for (const host of ['a', 'a', 'b', 'b', 'a'])
      connection.replyJson({ type: 'resident.here', host }, 'group');
    expect(restarts, 'with the lane, and with each other replica').toBe(3);
  });

  it('takes its own pause for no silence of the replica, whose signs wait in the socket', async () => {
    const { clock, open: join } = setUp();
    const connection = await join();
    await clock.beHeldUp(2 * PRESENCE_LIMIT_MS);
    connection.replyJson({ type: 'resident.here', host: 'a' }, 'group');
    await clock.advance(PRESENCE_LIMIT_MS - 1);
    expect(connection.events, 'no other replica is given the call').toHaveLength(1);
  });

  it('publishes the rest and the end, and ends the lane with it', async () => {
    const { lane, hear, open: join } = setUp();
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

describe('a lane of such a worker that follows another stream of the call', () => {
  const here = { type: 'resident.here', host: 'a' };

  it('asks in the group, and goes on with the replica that has the call', async () => {
    const { lanes, hear, clock } = setUp({ isResumed: true });
    const connection = lanes.of('resident');
    connection.started();
    await settled();
    expect(connection.published).toEqual([{ event: { ...STARTED, nonce: expect.any(String) } }]);
    await clock.advance(ASK_LIMIT_MS - 1);
    connection.replyJson(here, 'group');
    await settled();
    expect(connection.events, 'no other replica is given the call').toEqual([]);
    hear(3);
    expect(audioIn(connection)).toHaveLength(1);
  });

  it('goes on with that replica too when its answer came while the relay was held up', async () => {
    const { lanes, clock } = setUp({ isResumed: true });
    const connection = lanes.of('resident');
    connection.started();
    await settled();
    await clock.beHeldUp(ASK_LIMIT_MS + 500);
    connection.replyJson(here, 'group');
    await clock.advance(10 * ASK_LIMIT_MS);
    expect(connection.events, 'no other replica is given the call').toEqual([]);
  });

  it('shows no token in the group, and hands it out in the event', async () => {
    const control = { url: 'https://control.example', token: 'a token', peer: '4:+1' };
    const started = { ...STARTED, control } as LaneEvent;
    const { lanes, clock } = setUp({ isResumed: true, callStarted: () => started });
    const connection = lanes.of('resident');
    connection.started();
    await settled();
    expect(connection.published).toEqual([{ event: { ...STARTED, nonce: expect.any(String) } }]);
    await clock.advance(ASK_LIMIT_MS);
    expect(connection.events).toEqual([started]);
  });

  it('knows the answer on a connection that it has taken over, by the nonce of its question', async () => {
    const messages: unknown[] = [];
    let replays = 0;
    const { lanes, hear, clock } = setUp({
      isResumed: true,
      skipsReplays: true,
      resume: { connectionId: 'c-1', reconnectionToken: 't', firstAckId: 10 },
      onMessage: (message) => messages.push(message),
      onReplay: () => {
        replays += 1;
      },
    });
    const connection = lanes.of('resident');
    connection.started();
    await settled();
    const [question] = connection.published;
    const nonce =
      question !== undefined && 'event' in question && 'nonce' in question.event
        ? question.event.nonce
        : expect.unreachable('the question has a nonce');
    // Kept by the service for the stream before: an earlier sign of presence, and audio.
    connection.replyJson(here, 'group');
    connection.replyJson({ ...here, nonce: 'of another question' }, 'group');
    connection.replyJson({ type: 'resident.left', host: 'a' }, 'group');
    connection.replyAudio(new Uint8Array(2), {}, 'group');
    hear(3);
    expect(audioIn(connection), 'nobody has answered yet').toEqual([]);
    expect(replays).toBe(4);
    connection.replyJson({ ...here, nonce }, 'group');
    await settled();
    expect(audioIn(connection)).toHaveLength(1);
    connection.replyAudio(new Uint8Array(2), {}, 'group');
    expect(messages, 'what follows the answer is new').toHaveLength(1);
    expect(replays).toBe(4);
    await clock.advance(ASK_LIMIT_MS);
    expect(connection.events, 'no other replica is given the call').toEqual([]);
  });

  it('gives the call to any replica when none says that it has it', async () => {
    const { lanes, hear, clock, acknowledge } = setUp({ isResumed: true });
    const connection = lanes.of('resident');
    connection.started();
    await clock.advance(ASK_LIMIT_MS);
    expect(connection.events).toEqual([STARTED]);
    await acknowledge();
    hear(3);
    expect(audioIn(connection)).toHaveLength(1);
    connection.replyJson({ type: 'resident.left', host: 'a' }, 'group');
    await settled();
    expect(
      connection.published.filter((each) => 'event' in each),
      'nobody is asked again',
    ).toHaveLength(1);
  });

  it('is released without a word, and tells the end only when nobody has taken over in time', async () => {
    for (const isTaken of [true, false]) {
      const { lane, lanes, hear, open: join, clock } = setUp();
      lanes.of('resident').identity = { connectionId: 'c-1', reconnectionToken: 't' };
      const connection = await join();
      hear(1);
      lane.release(ENDED);
      expect(connection.isReleased).toBe(true);
      expect(lane.identity).toEqual(connection.identity);
      expect(audioIn(connection), 'the rest of what was heard').toHaveLength(1);
      if (isTaken) connection.lose();
      await clock.advance(RELEASE_LIMIT_MS);
      const told = connection.published.filter((each) => 'event' in each);
      expect(told, isTaken ? 'taken over' : 'not taken over').toEqual(isTaken ? [] : [{ event: ENDED }]);
    }
  });
});
