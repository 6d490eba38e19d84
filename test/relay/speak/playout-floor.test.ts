import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equal, playoutFixture as setUp, speech } from './playout-fixture.ts';

const MAX_FLOOR_MS = 60_000;

describe('several workers', () => {
  it('speak one after the other when they are equals', async () => {
    const { clock, acs, join } = setUp();
    const [a, b] = [join(), join()];
    const [first, second] = [speech(500, 1), speech(300, 2)];
    a.speak(first.subarray(0, 3_200), 'whole');
    b.speak(second, 'whole');
    a.speak(first.subarray(3_200), 'whole');
    await clock.advance(1_000);
    expect(equal(acs.heard, Buffer.concat([first, second]))).toBe(true);
    expect(a.events).toEqual([{ type: 'played', turn: 0, playedMs: 500 }]);
    expect(b.events).toEqual([{ type: 'played', turn: 0, playedMs: 300 }]);
  });

  it('give way to one of higher priority, which is heard at once', async () => {
    const { clock, acs, join } = setUp();
    const [low, high] = [join(), join({ priority: 3 })];
    const [music, notice] = [speech(2_000, 1), speech(300, 2)];
    low.speak(music, 'whole', 0);
    await clock.advance(450);
    high.speak(notice, 'whole', 0);
    expect(low.events).toEqual([{ type: 'interrupted', turn: 1, playedMs: 450 }]);
    low.speak(speech(100, 3), 'whole', 1);
    await clock.advance(1_000);
    const expected = Buffer.concat([music.subarray(0, 450 * 32), notice, speech(100, 3)]);
    expect(equal(acs.heard, expected)).toBe(true);
  });

  it('are all interrupted, so that none that waits is heard over the caller', async () => {
    const { clock, acs, playout, join } = setUp();
    const [a, b, never] = [join(), join(), join({ bargeIn: { policy: 'never' } })];
    a.speak(speech(1_000), 'whole');
    b.speak(speech(1_000, 2), 'whole');
    await clock.advance(100);
    const { length } = acs.writes;
    playout.onSpeechStarted(0);
    expect([a.events, b.events]).toEqual([
      [{ type: 'interrupted', turn: 1, playedMs: 100 }],
      [{ type: 'interrupted', turn: 1, playedMs: 0 }],
    ]);
    expect([acs.stops, acs.writes.length - length], 'StopAudio, and audio after it').toEqual([1, 0]);
    never.speak(speech(100, 3), 'whole');
    await clock.advance(500);
    expect(equal(acs.heard.subarray(3_200), speech(100, 3))).toBe(true);
  });

  it('can empty ACS even when the relay believes that all was heard', () => {
    const { acs, join } = setUp();
    expect(join().stop()).toBe('stopped');
    expect(acs.stops).toBe(1);
  });

  it('write one StopAudio for what ACS holds, however often they stop', async () => {
    const { clock, acs, join } = setUp();
    const worker = join();
    for (let i = 0; i < 1_000; i += 1) worker.stop();
    expect(acs.stops).toBe(1);
    worker.speak(speech(100), 'whole');
    await clock.advance(500);
    for (let i = 0; i < 1_000; i += 1) worker.stop();
    expect(acs.stops).toBe(2);
  });

  it('are not heard when they only listen', async () => {
    const { clock, acs, join } = setUp();
    const [tap, other] = [join({ speaks: false, priority: 9 }), join()];
    other.speak(speech(300), 'whole');
    expect(tap.speak(speech(100, 2), 'whole')).toBe('the worker only listens');
    expect(tap.stop()).toBe('the worker only listens');
    await clock.advance(500);
    expect(equal(acs.heard, speech(300))).toBe(true);
  });

  it('stop what they say themselves and nothing else', async () => {
    const { clock, acs, join } = setUp();
    const [a, b] = [join(), join()];
    a.speak(speech(300), 'whole');
    b.speak(speech(300, 2), 'whole');
    b.stop();
    await clock.advance(100);
    expect(acs.stops).toBe(0);
    b.speak(speech(100, 3), 'whole');
    a.stop();
    expect(acs.stops).toBe(1);
    await clock.advance(500);
    expect(equal(acs.heard, Buffer.concat([speech(300).subarray(0, 3_200), speech(100, 3)]))).toBe(true);
  });

  it('leave, and the floor goes on to the next', async () => {
    const { clock, acs, join } = setUp();
    const [a, b] = [join(), join()];
    a.speak(speech(5_000), 'whole');
    b.speak(speech(300, 2), 'whole');
    await clock.advance(100);
    a.leave();
    a.leave();
    expect(a.speak(speech(100), 'whole')).toBe('call has ended');
    await clock.advance(1_000);
    expect(equal(acs.heard, Buffer.concat([speech(5_000).subarray(0, 3_200), speech(300, 2)]))).toBe(true);
    expect(a.events).toEqual([]);
  });

  it('make way for an equal that has waited long enough, and go on after it', async () => {
    const { clock, acs, join } = setUp();
    const [talker, other] = [join({ bargeIn: { policy: 'never' } }), join()];
    const long = speech(80_000);
    talker.speak(long, 'whole');
    other.speak(speech(200, 2), 'whole');
    await clock.advance(MAX_FLOOR_MS + 1_000);
    expect(other.events).toEqual([{ type: 'played', turn: 0, playedMs: 200 }]);
    await clock.advance(21_000);
    expect(talker.events).toEqual([{ type: 'played', turn: 0, playedMs: 80_000 }]);
    const at = acs.heard.indexOf(Buffer.from(speech(200, 2)));
    expect(at).toBeGreaterThan(0);
    const rest = Buffer.concat([acs.heard.subarray(0, at), acs.heard.subarray(at + 6_400)]);
    expect(equal(rest, long), 'the rest is the long one, whole and in order').toBe(true);
  });

  it('neither delay nor alter what a worker of higher priority says, whatever they do', async () => {
    const act = fc.record({
      who: fc.nat(1),
      what: fc.constantFrom('speak', 'flood', 'wrong turn', 'stop', 'leave'),
      ms: fc.integer({ min: 1, max: 3_000 }),
      waitMs: fc.nat(300),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 25 }), async (acts) => {
        const { clock, acs, join } = setUp();
        const good = join({ priority: 1, bargeIn: { policy: 'never' } });
        const bad = [join(), join({ speaks: false, priority: 9 })];
        const said: Uint8Array[] = [];
        let goodUntilMs = 0;
        bad[0]?.speak(new Uint8Array(64_000), 'whole');
        await clock.advance(50);
        const startMs = clock.elapsedMs();
        for (const [i, { who, what, ms, waitMs }] of acts.entries()) {
          const reply = speech(200, i + 1);
          said.push(reply);
          good.speak(reply, 'streamed', 0);
          goodUntilMs = Math.max(goodUntilMs, clock.elapsedMs()) + 200;
          const worker = bad[who];
          if (what === 'speak') worker?.speak(new Uint8Array(ms * 32), 'whole');
          else if (what === 'flood')
            for (let n = 0; n < 200; n += 1) worker?.speak(new Uint8Array(2), 'streamed', 0);
          else if (what === 'wrong turn') worker?.speak(new Uint8Array(ms * 32), 'streamed', 4_000_000_000);
          else if (what === 'stop') worker?.stop();
          else worker?.leave();
          await clock.advance(waitMs);
        }
        await clock.advance(Math.max(0, goodUntilMs - clock.elapsedMs()));
        // The bad ones say nothing but zeros, the good one no zero at all.
        const heard = acs.heard.filter((byte) => byte !== 0);
        expect(equal(heard, Buffer.concat(said)), `heard by the time it took, from ${startMs} ms on`).toBe(
          true,
        );
      }),
      { numRuns: 60 },
    );
  });
});
