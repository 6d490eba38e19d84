import { describe, expect, it } from 'vitest';
import { acknowledgedDelivery } from '../../../relay/lane/delivery.ts';
import { AUDIO_FORMATS } from '../../../shared/audio/audio-format.ts';
import { settled } from '../relay-clock.ts';
import { ENDED, laneFixture, STARTED } from './lane-fixture.ts';

const OPEN_ATTEMPTS = 60;
const START_EVENT_WAIT_MS = 1_000;
const START_EVENT_ATTEMPTS = 3;
const END_LIMIT_MS = 3_000;
const OPEN_TIMEOUT_MS = 10_000;
const EVENT_TIMEOUT_MS = 15_000;

/** The longest wait before a lane is opened again for the first time. */
const REOPEN_WITHIN_MS = 100;

const { frameSamples } = AUDIO_FORMATS.pcm16KMono;
const setUp = (maxBacklogMs = 1_000, onStartGivenUp = () => {}) =>
  laneFixture({ worker: 'echo', delivery: acknowledgedDelivery, chunkMs: 100, maxBacklogMs, onStartGivenUp });

describe('a lane in order', () => {
  it('tells the worker of the call before anything else, also when audio waits already', async () => {
    const { lanes, hear } = setUp();
    hear(20);
    const connection = lanes.of('echo');
    expect(connection.sent).toEqual([]);
    connection.started();
    await settled();
    expect(connection.sent).toEqual([{ event: STARTED }]);
    connection.acknowledge();
    await settled();
    expect(connection.packets).toHaveLength(1);
    expect(connection.packets[0]).toMatchObject({ payloadType: 96, marker: true, timestamp: 0, ssrc: 0 });
    expect(connection.packets[0]?.payload.byteLength, 'all that waited, in one chunk').toBe(20 * 640);
  });

  it('sends a chunk as soon as it is long enough, in an event, and the next one once it is acknowledged', async () => {
    const { open, hear, acknowledge } = setUp();
    const connection = await open();
    hear(4);
    expect(connection.packets).toHaveLength(0);
    hear(1);
    expect(connection.packets).toHaveLength(1);
    hear(17);
    expect(connection.packets).toHaveLength(1);
    await acknowledge();
    expect(connection.packets[1]).toMatchObject({
      sequenceNumber: 1,
      timestamp: 5 * frameSamples,
      marker: false,
    });
    expect(connection.packets[1]?.payload.byteLength, 'three times the shortest').toBe(15 * 640);
    expect(connection.published, 'nothing in a group, where others could hear it').toEqual([]);
  });

  it('sends other events between two chunks', async () => {
    const { open, hear, acknowledge, lane } = setUp();
    const connection = await open();
    hear(5);
    lane.pushEvent({ type: 'dtmf', tone: '5' });
    hear(5);
    await acknowledge();
    expect(connection.events.at(-1)).toEqual({ type: 'dtmf', tone: '5' });
    await acknowledge();
    expect(connection.packets).toHaveLength(2);
  });

  it('measures from sending to acknowledgement', async () => {
    const { open, hear, acknowledge, lane, clock } = setUp();
    await open();
    for (const tookMs of [10, 30, 20]) {
      hear(5);
      await clock.advance(tookMs);
      await acknowledge();
    }
    expect(lane.report()).toMatchObject({
      state: 'open',
      chunksSent: 3,
      chunksAcked: 3,
      roundTripMs: { p50: 20, p99: 30, max: 30 },
    });
  });

  it('drops the oldest audio of a slow worker beyond its bound, counts it and marks the next chunk', async () => {
    const { open, hear, acknowledge, lane } = setUp(200);
    const connection = await open();
    hear(5);
    hear(30);
    await acknowledge();
    expect(lane.report().droppedMs).toBe(400);
    expect(connection.packets[1]).toMatchObject({ marker: true, timestamp: 25 * frameSamples });
  });
});

describe('a lane whose worker fails', () => {
  it('loses exactly the failed chunk and marks the next one', async () => {
    const { open, hear, lane, lanes } = setUp();
    const connection = await open();
    hear(5);
    hear(5);
    lanes.of('echo').fail();
    await settled();
    expect(lane.report()).toMatchObject({ chunksSent: 2, chunksFailed: 1, lostMs: 100, state: 'open' });
    expect(connection.packets[1]).toMatchObject({
      marker: true,
      timestamp: 5 * frameSamples,
      sequenceNumber: 1,
    });
  });

  it('loses the chunk that the worker says it could not handle, although it is acknowledged, and no other', async () => {
    const { open, hear, lane, acknowledge } = setUp();
    await open();
    hear(5);
    lane.eventFailed();
    await acknowledge();
    hear(5);
    await acknowledge();
    lane.eventFailed();
    expect(lane.report()).toMatchObject({ chunksSent: 2, chunksAcked: 1, chunksFailed: 1, lostMs: 100 });
  });

  it('gives up a chunk that is not acknowledged in time, and takes no notice of a late acknowledgement', async () => {
    const { open, hear, lane, clock } = setUp();
    const connection = await open();
    hear(5);
    await clock.advance(EVENT_TIMEOUT_MS - 1);
    expect(lane.report().chunksFailed).toBe(0);
    await clock.advance(1);
    expect(lane.report()).toMatchObject({ chunksFailed: 1, lostMs: 100 });
    connection.acknowledge();
    await settled();
    expect(lane.report()).toMatchObject({ chunksFailed: 1, chunksAcked: 0 });
    hear(5);
    expect(connection.packets).toHaveLength(2);
  });

  it('tells a handler that listens what ends it early, a few times at most for each event', async () => {
    const { lane, lanes } = setUp();
    const connection = lanes.of('echo');
    connection.started();
    await settled();
    lane.pushEvent({ type: 'interrupted', turn: 1, playedMs: 20 });
    for (let i = 0; i < 100; i += 1) connection.replyJson({ type: 'listening', turn: 0 }, 'group');
    expect(connection.told).toHaveLength(4);
    connection.acknowledge();
    await settled();
    lane.pushEvent({ type: 'interrupted', turn: 2, playedMs: 20 });
    connection.replyJson({ type: 'listening', turn: 1 }, 'group');
    expect(connection.told.slice(4)).toEqual([{ type: 'interrupted', turn: 2, playedMs: 20 }]);
  });

  it('tells no later handler what was refused to the one before it', async () => {
    const { lane, lanes } = setUp();
    const connection = lanes.of('echo');
    connection.started();
    await settled();
    lane.pushEvent({ type: 'dtmf', tone: '1' });
    const refused = {
      type: 'refused',
      reason: 'playout is full',
      heldMs: 1,
      maxMs: 1,
      number: 0x8000,
    } as const;
    lane.pushEvent(refused);
    connection.replyJson({ type: 'listening', turn: 0 }, 'group');
    expect(connection.told, 'the handler that said it').toEqual([refused]);
    connection.acknowledge();
    await settled();
    connection.replyJson({ type: 'listening', turn: 0 }, 'group');
    expect(connection.told, 'the handler of the key').toHaveLength(1);
    connection.acknowledge();
    await settled();
    expect(connection.events.at(-1), 'it comes as an event all the same').toEqual(refused);
  });

  it('tells of the call again a few times, and goes on without when that does not work', async () => {
    let givenUp = 0;
    const { hear, lane, lanes, clock } = setUp(1_000, () => {
      givenUp += 1;
    });
    const connection = lanes.of('echo');
    connection.started();
    await settled();
    hear(10);
    for (let attempt = 1; attempt <= START_EVENT_ATTEMPTS; attempt += 1) {
      expect(connection.events).toHaveLength(attempt);
      expect(connection.packets).toHaveLength(0);
      connection.fail();
      await clock.advance(START_EVENT_WAIT_MS);
    }
    expect(connection.events).toHaveLength(START_EVENT_ATTEMPTS);
    expect(connection.packets, 'the audio goes on').toHaveLength(1);
    expect(lane.report().eventsFailed).toBe(START_EVENT_ATTEMPTS);
    expect(givenUp, 'the log says so').toBe(1);
  });
});

describe('a lane whose connection fails', () => {
  it('tries again with growing waits, a bounded number of times, and lets the call go on without it', async () => {
    const { lane, lanes, hear, clock } = setUp();
    for (let attempt = 1; attempt <= OPEN_ATTEMPTS; attempt += 1) {
      expect(lanes.all).toHaveLength(attempt);
      lanes.of('echo').failToStart();
      await clock.advance(5_000);
    }
    expect(lanes.all).toHaveLength(OPEN_ATTEMPTS);
    expect(lane.report().state).toBe('failed');
    await lane.closed;
    hear(50);
    expect(lane.report().droppedMs, 'audio for a worker out of reach is dropped and counted').toBe(1_000);
    expect(lane.queuedBytes).toBe(0);
    expect(clock.pending, 'no timer is left behind').toBe(0);
  });

  it.each([
    [0, [50, 100, 200, 400, 800]],
    [0.5, [75, 150, 300, 600, 1_200]],
  ])(
    'waits before it opens again for times that follow the random numbers it is given (%d)',
    async (chance, waits) => {
      const { lanes, clock } = laneFixture({
        worker: 'echo',
        delivery: acknowledgedDelivery,
        chunkMs: 100,
        maxBacklogMs: 1_000,
        random: () => chance,
      });
      for (const [index, waitMs] of waits.entries()) {
        lanes.of('echo').failToStart();
        await clock.advance(waitMs - 1);
        expect(lanes.all).toHaveLength(index + 1);
        await clock.advance(1);
        expect(lanes.all).toHaveLength(index + 2);
      }
    },
  );

  it('does not wait for ever for a connection that neither opens nor fails', async () => {
    const { lanes, clock } = setUp();
    await clock.advance(OPEN_TIMEOUT_MS);
    expect(lanes.all[0]?.isStopped).toBe(true);
    await clock.advance(REOPEN_WITHIN_MS);
    expect(lanes.all).toHaveLength(2);
  });

  it('opens another after a loss and begins with the call again, losing only the chunk in flight', async () => {
    const { open, hear, lane, clock } = setUp();
    const first = await open();
    hear(5);
    first.lose();
    expect(lane.report()).toMatchObject({ state: 'waiting', chunksFailed: 1, lostMs: 100 });
    hear(10);
    await clock.advance(REOPEN_WITHIN_MS);
    const second = await open();
    expect(second).not.toBe(first);
    expect(second.events).toEqual([{ ...STARTED, resumed: true, discontinuity: true }]);
    expect(second.packets[0]).toMatchObject({ marker: true, timestamp: 5 * frameSamples });
    expect(lane.report()).toMatchObject({ state: 'open', reopened: 1, droppedMs: 0 });
  });

  it('says on another lane that nothing was lost, when nothing was', async () => {
    const { open, hear, clock, acknowledge } = setUp();
    const first = await open();
    hear(5);
    await acknowledge();
    hear(3);
    first.lose();
    await clock.advance(REOPEN_WITHIN_MS);
    hear(2);
    const second = await open();
    expect(second.events).toEqual([{ ...STARTED, resumed: true, discontinuity: false }]);
    expect(second.packets[0], 'what waited follows on').toMatchObject({
      marker: false,
      timestamp: 5 * frameSamples,
    });
  });

  it('says on another lane that audio was lost when too much waited for it', async () => {
    const { lane, lanes, open, hear, clock } = setUp(200);
    const first = await open();
    first.lose();
    hear(30);
    await clock.advance(REOPEN_WITHIN_MS);
    const second = await open();
    expect(lane.report().droppedMs).toBe(400);
    expect(second.events[0]).toMatchObject({ resumed: true, discontinuity: true });
    expect(lanes.all).toHaveLength(2);
  });

  it('is not held up by a chunk whose connection is lost while it is sent', async () => {
    const { open, hear, lane, clock } = setUp();
    const first = await open();
    first.sendAudio = () => first.lose();
    hear(5);
    expect(lane.report()).toMatchObject({ state: 'waiting', chunksFailed: 1, lostMs: 100 });
    hear(5);
    await clock.advance(REOPEN_WITHIN_MS);
    const second = await open();
    expect(second.packets[0]).toMatchObject({ marker: true, timestamp: 5 * frameSamples });
  });

  it('takes no notice of a connection that it has given up', async () => {
    const { open, lane, lanes, clock } = setUp();
    const first = await open();
    first.lose();
    await clock.advance(REOPEN_WITHIN_MS);
    first.lose();
    expect(lane.report().state).toBe('opening');
    expect(lanes.all).toHaveLength(2);
  });
});

describe('the end of a lane', () => {
  it('sends the rest of the audio however short, then the end, and closes', async () => {
    const { open, hear, lane, acknowledge, clock } = setUp();
    const connection = await open();
    hear(2);
    lane.end(ENDED);
    expect(connection.packets.at(-1)?.payload.byteLength).toBe(2 * 640);
    await acknowledge();
    expect(connection.events.at(-1)).toEqual(ENDED);
    expect(lane.report().state).toBe('draining');
    await acknowledge();
    await lane.closed;
    expect(connection.isStopped).toBe(true);
    expect(lane.report()).toMatchObject({ state: 'closed', droppedMs: 0, chunksAcked: 1 });
    expect(clock.pending).toBe(0);
  });

  it('waits for the chunk in flight before it ends', async () => {
    const { open, hear, lane, acknowledge } = setUp();
    const connection = await open();
    hear(8);
    lane.end(ENDED);
    expect(connection.packets).toHaveLength(1);
    await acknowledge();
    expect(connection.packets[1]?.payload.byteLength).toBe(3 * 640);
  });

  it('is bounded in time when the worker does not answer, and counts what was not sent', async () => {
    const { open, hear, lane, clock } = setUp();
    const connection = await open();
    hear(8);
    lane.end(ENDED);
    await clock.advance(END_LIMIT_MS);
    await lane.closed;
    expect(connection.isStopped).toBe(true);
    expect(lane.report()).toMatchObject({ state: 'closed', chunksFailed: 1, lostMs: 100, droppedMs: 60 });
    expect(clock.pending).toBe(0);
  });

  it('still tells everything to a lane that opens late', async () => {
    const { open, hear, lane, lanes, acknowledge } = setUp();
    hear(3);
    lane.end(ENDED);
    await open();
    expect(lanes.of('echo').packets).toHaveLength(1);
    await acknowledge();
    await acknowledge();
    await lane.closed;
    expect(lanes.of('echo').sent.map((each) => ('event' in each ? each.event.type : 'audio'))).toEqual([
      'call.started',
      'audio',
      'call.ended',
    ]);
  });

  it('is idempotent, and nothing is opened again after it', async () => {
    const { open, lane, lanes, clock } = setUp();
    const connection = await open();
    lane.end(ENDED);
    lane.end({ type: 'call.ended', reason: 'another' });
    connection.lose();
    await lane.closed;
    await clock.advance(60_000);
    expect(lanes.all).toHaveLength(1);
    expect(connection.events.filter(({ type }) => type === 'call.ended')).toEqual([ENDED]);
  });
});
