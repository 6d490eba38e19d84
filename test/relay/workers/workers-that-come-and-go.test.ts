import { describe, expect, it } from 'vitest';
import { MAX_WORKERS } from '../../../shared/call/plan.ts';
import { frame, heardAudio } from '../listen/acs-messages.ts';
import { settled } from '../relay-clock.ts';
import { CALL_ID, CHUNK, sessionFixture as setUp } from '../session/session-fixture.ts';

const MAX_WORKERS_EVER = 64;

const worker = (name: string) => ({ name, listen: { mode: 'chunk', ms: CHUNK } }) as const;

describe('workers that come and go while the call lasts', () => {
  it('are told of the call, hear it and are heard from then on', async () => {
    const { lanes, open, hear, control, socket } = setUp({ jitterBufferMs: 0 });
    await open();
    hear(5, 1);
    await control({ type: 'attach', worker: worker('scribe') });
    const lane = lanes.of('scribe');
    lane.isObliging = true;
    lane.started();
    await settled();
    expect(lane.events).toMatchObject([
      { type: 'call.started', callId: CALL_ID, turn: 0, control: { token: 'the token of scribe' } },
    ]);
    expect(lanes.of('echo').events[0], 'each has a token of its own').toMatchObject({
      control: { token: 'the token of echo' },
    });
    hear(5, 2);
    await settled();
    expect(lane.packets.map(({ payload }) => payload[0])).toEqual([2]);
    lane.replyAudio(frame(9));
    expect(socket.audio).toEqual(Buffer.from(frame(9)));
  });

  it('are told that they are off the call, and what they said is dropped', async () => {
    const { lanes, open, hear, control, session, socket, clock } = setUp({ jitterBufferMs: 0 });
    await open();
    const lane = lanes.of('echo');
    lane.replyAudio(new Uint8Array(64_000));
    await control({ type: 'detach', worker: 'echo' });
    expect(socket.sent.at(-1)).toBe('{"kind":"StopAudio","stopAudio":{}}');
    expect(lane.events.at(-1)).toEqual({ type: 'call.ended', reason: 'detached' });
    lane.replyAudio(frame(1), { sequenceNumber: 2 });
    lane.acknowledge();
    hear(20);
    await clock.advance(1_000);
    expect(socket.sent.filter((text) => heardAudio(text) !== undefined)).toHaveLength(1);
    expect(lane.packets).toEqual([]);
    expect(session.report().workers[0]).toMatchObject({ name: 'echo', state: 'closed' });
  });

  it('may come back, and have the call end for them as for the others', async () => {
    const { lanes, open, control, session } = setUp();
    await open();
    await control({ type: 'detach', worker: 'echo' });
    lanes.of('echo').acknowledge();
    await control({ type: 'attach', worker: worker('echo') });
    await open();
    session.socketClosed();
    await settled();
    expect(lanes.of('echo').events.at(-1)).toEqual({ type: 'call.ended', reason: 'stream ended' });
    lanes.of('echo').acknowledge();
    await session.ended;
  });

  it('are refused when they are there already, or too many, or not there, and each refusal is counted', async () => {
    const { control, ignored, session } = setUp();
    await control({ type: 'attach', worker: worker('echo') });
    await control({ type: 'detach', worker: 'nobody' });
    for (let i = 1; i < MAX_WORKERS; i += 1) await control({ type: 'attach', worker: worker(`w${i}`) });
    await control({ type: 'attach', worker: worker('more') });
    for (let i = MAX_WORKERS; i < MAX_WORKERS_EVER; i += 1) {
      await control({ type: 'detach', worker: `w${i - 1}` });
      await control({ type: 'attach', worker: worker(`w${i}`) });
    }
    await control({ type: 'detach', worker: 'echo' });
    await control({ type: 'attach', worker: worker('more') });
    expect(ignored()).toEqual({
      'control: the worker is on the call already': 1,
      'control: the worker is not on the call': 1,
      'control: the call has as many workers as it may have': 2,
    });
    expect(session.report().workers).toHaveLength(MAX_WORKERS_EVER);
  });
});

describe('a message to the workers of a call', () => {
  it('reaches all of them, or the one that it names', async () => {
    const { lanes, open, control } = setUp({ workers: ['echo', 'scribe'] });
    await open();
    for (const name of ['echo', 'scribe']) lanes.of(name).isObliging = true;
    await control({ type: 'message', data: { topic: 'refunds' } });
    await control({ type: 'message', worker: 'scribe', data: 7 });
    const said = (name: string) => lanes.of(name).events.filter(({ type }) => type === 'message');
    expect(said('echo')).toEqual([{ type: 'message', data: { topic: 'refunds' } }]);
    expect(said('scribe')).toEqual([
      { type: 'message', data: { topic: 'refunds' } },
      { type: 'message', data: 7 },
    ]);
  });

  it('is counted when it names nobody who is on the call', async () => {
    const { control, ignored } = setUp();
    await control({ type: 'message', worker: 'nobody', data: null });
    expect(ignored()).toEqual({ 'control: the worker is not on the call': 1 });
  });
});

describe('a call that nobody listens to', () => {
  it('hears its control group all the same, until a worker of it does', async () => {
    const { lanes, control, open } = setUp({ workers: [] });
    await open();
    expect(lanes.controlConnections).toHaveLength(1);
    await control({ type: 'attach', worker: worker('late') });
    expect(lanes.controlConnections[0]?.isStopped, 'the own connection is not needed any more').toBe(true);
    lanes.of('late').started();
    await settled();
    expect(lanes.of('late').events).toMatchObject([{ type: 'call.started' }]);
    await control({ type: 'detach', worker: 'late' });
    expect(lanes.controlConnections, 'one more when the last worker has left').toHaveLength(2);
  });

  it('does not hear it any more when it has ended', async () => {
    const { lanes, control, session } = setUp({ workers: [] });
    session.socketClosed();
    await session.ended;
    expect(lanes.controlConnections[0]?.isStopped).toBe(true);
    await control({ type: 'attach', worker: worker('late') });
    expect(lanes.all).toEqual([]);
  });
});
