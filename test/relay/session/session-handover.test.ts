/** A stream of a call takes the place of another one: what it finds, and what it leaves. */
import { describe, expect, it } from 'vitest';
import { RELEASE_LIMIT_MS } from '../../../relay/lane/lane-machine.ts';
import { UTTERANCES } from '../../support/utterances.ts';
import { dtmf, frame } from '../listen/acs-messages.ts';
import { settled } from '../relay-clock.ts';
import { sessionFixture } from './session-fixture.ts';

const TURNS_PER_STREAM = 65_536;
const HANDOVER_DELAY_MS = 250;

const ECHO = { name: 'echo', listen: { mode: 'chunk', ms: 100 } } as const;
const PARROT = { name: 'parrot', listen: UTTERANCES } as const;
const identity = (name: string) => ({ connectionId: `${name}-1`, reconnectionToken: `token of ${name}` });

describe('the first stream of a call', () => {
  it('leaves word of its workers and lanes soon after they are there, and again when that changes', async () => {
    const { lanes, open, clock, control, left } = sessionFixture();
    lanes.of('echo').identity = identity('echo');
    await open();
    await clock.advance(HANDOVER_DELAY_MS);
    const known = { streams: 1, workers: [ECHO], lanes: { echo: identity('echo') } };
    expect(left.filter(({ isKept }) => isKept)).toEqual([{ handover: known, isKept: true }]);
    await control({ type: 'attach', worker: PARROT });
    await clock.advance(HANDOVER_DELAY_MS);
    expect(left.at(-1)).toEqual({ handover: { ...known, workers: [ECHO, PARROT] }, isKept: true });
  });

  it('leaves no lane when it ends as it should', async () => {
    const { lanes, open, session, left } = sessionFixture({ isMovable: true });
    lanes.of('echo').identity = identity('echo');
    await open();
    session.socketClosed();
    await settled();
    expect(left.at(-1)).toEqual({ handover: { streams: 1, workers: [ECHO], lanes: {} }, isKept: false });
    expect(lanes.of('echo').events.at(-1)).toEqual({ type: 'call.ended', reason: 'stream ended' });
  });
});

describe('a stream that is moved', () => {
  it('leaves its lanes to be taken over, without a word to the workers', async () => {
    const { lanes, open, session, hear, clock, left } = sessionFixture({ isMovable: true });
    const lane = lanes.of('echo');
    lane.identity = identity('echo');
    await open();
    hear(2);
    await session.prepareMigration();
    session.socketClosed();
    await settled();
    expect(lane.isReleased).toBe(true);
    expect(left.at(-1)?.handover.lanes).toEqual({ echo: identity('echo') });
    expect(lane.packets, 'the rest of what was heard').toHaveLength(1);
    lane.acknowledge();
    await clock.advance(RELEASE_LIMIT_MS - 1);
    lane.lose();
    await session.ended;
    expect(lane.events.map(({ type }) => type)).toEqual(['call.started']);
    expect(session.report()).toMatchObject({ endedReason: 'moved', workers: [{ state: 'closed' }] });
  });

  it('leaves word of what is new before it is restarted', async () => {
    const { open, session, left } = sessionFixture({ isMovable: true });
    await open();
    const before = left.length;
    await session.prepareMigration();
    expect(left.slice(before)).toMatchObject([{ isKept: true }]);
    await session.prepareMigration();
    session.socketClosed();
    expect(
      left.filter(({ isKept }) => isKept),
      'once is enough',
    ).toHaveLength(1);
  });

  it('tells the end when no other stream comes in time: the caller has hung up meanwhile', async () => {
    const { lanes, open, session, clock } = sessionFixture({ isMovable: true });
    const lane = lanes.of('echo');
    lane.identity = identity('echo');
    await open();
    await session.prepareMigration();
    session.socketClosed();
    await clock.advance(RELEASE_LIMIT_MS);
    expect(lane.events.at(-1)).toEqual({ type: 'call.ended', reason: 'stream ended' });
    lane.acknowledge();
    await session.ended;
    expect(clock.pending).toBe(0);
  });

  it.each(['relay shutting down', 'no sign of life', 'no audio from ACS'] as const)(
    'is not given up either when the cause is "%s", but only where another relay can find it',
    async (cause) => {
      for (const isMovable of [true, false]) {
        const { lanes, open, session } = sessionFixture({ isMovable });
        lanes.of('echo').identity = identity('echo');
        await open();
        session.close(cause);
        await settled();
        expect(lanes.of('echo').isReleased, `movable: ${isMovable}`).toBe(isMovable);
      }
    },
  );
});

describe('a stream that follows another', () => {
  const handover = {
    streams: 1,
    workers: [ECHO, PARROT],
    lanes: { echo: identity('echo'), parrot: identity('parrot') },
  };

  it('has the workers that were on the call, on their lanes, and tells them that it goes on', async () => {
    const { lanes, left } = sessionFixture({ workers: ['echo'], handover });
    expect(lanes.all.map(({ worker }) => worker)).toEqual(['echo', 'parrot']);
    const parrot = lanes.of('parrot');
    expect(parrot.resume).toMatchObject(identity('parrot'));
    expect(parrot.resume?.firstAckId, 'no ack id is used a second time').toBeGreaterThan(1_000_000);
    parrot.started();
    await settled();
    expect(parrot.events).toMatchObject([
      { type: 'call.started', resumed: true, discontinuity: true, turn: TURNS_PER_STREAM },
    ]);
    expect(left[0]).toMatchObject({ handover: { streams: 2 }, isKept: false });
  });

  it('opens a new lane where the old one is gone', async () => {
    const { lanes, clock } = sessionFixture({ workers: ['echo'], handover });
    lanes.of('echo').failToStart();
    await clock.advance(200);
    const next = lanes.of('echo');
    expect(next.resume).toBeUndefined();
    next.started();
    await settled();
    expect(next.events).toMatchObject([{ type: 'call.started', resumed: true }]);
  });

  it('plays what was said to the stream before by a worker that answers when one has finished to speak', async () => {
    const { lanes, socket, session } = sessionFixture({ jitterBufferMs: 0, workers: [], handover });
    for (const name of ['echo', 'parrot']) lanes.of(name).started();
    await settled();
    lanes.of('parrot').replyAudio(frame(7), { ssrc: 3 });
    lanes.of('echo').replyAudio(frame(8), { ssrc: 3 });
    expect(socket.audio, 'and not what an echo said, which is too late').toEqual(Buffer.from(frame(7)));
    expect(session.report().ignored).toEqual({ 'reply: said before the stream began': 1 });
  });

  it('plays nothing of a turn that was over when the caller interrupts', async () => {
    const { lanes, socket, session, receive } = sessionFixture({
      jitterBufferMs: 0,
      workers: [],
      handover: { ...handover, workers: [{ ...PARROT, bargeIn: { policy: 'dtmf' } }] },
    });
    const parrot = lanes.of('parrot');
    parrot.isObliging = true;
    parrot.started();
    await settled();
    parrot.replyAudio(new Uint8Array(64_000), { ssrc: TURNS_PER_STREAM });
    const before = socket.audio.length;
    receive(dtmf('1'));
    parrot.replyAudio(frame(7), { ssrc: 3, sequenceNumber: 1 });
    await settled();
    expect(parrot.events.find(({ type }) => type === 'interrupted')).toMatchObject({
      turn: TURNS_PER_STREAM + 1,
    });
    expect(socket.audio.length).toBe(before);
    expect(session.report().ignored).toEqual({ 'reply: audio of an old turn': 1 });
  });
});
