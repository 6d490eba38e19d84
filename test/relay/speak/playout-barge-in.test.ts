import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BargeInPolicy } from '../../../shared/call/plan.ts';
import { equal, playoutFixture as setUp, speech } from './playout-fixture.ts';

describe('barge-in under the policy stop', () => {
  it('stops at once, tells how much was heard, and drops what still comes for the old turn', async () => {
    const { clock, acs, playout, join } = setUp();
    const { events, ...worker } = join();
    const first = speech(5_000);
    worker.speak(first, 'whole', 0);
    await clock.advance(1_234);
    playout.onSpeechStarted(0);
    expect(acs.stops).toBe(1);
    expect(events).toEqual([{ type: 'interrupted', turn: 1, playedMs: 1_234 }]);
    expect(worker.speak(speech(100), 'streamed', 0)).toBe('audio of an old turn');
    expect(worker.speak(speech(100), 'streamed', 2)).toBe('audio of a turn that has not begun');
    await clock.advance(500);
    expect(equal(acs.heard, first.subarray(0, 1_234 * 32)), 'nothing more was heard').toBe(true);
    const second = speech(400, 7);
    expect(worker.speak(second, 'whole', 1)).toBe('taken');
    await clock.advance(500);
    expect(equal(acs.heard.subarray(1_234 * 32), second)).toBe(true);
    expect(playout.report()).toMatchObject({ interruptions: 1, stopAudioSent: 1, audioMsCut: 3_766 });
  });

  it('leaves those alone who say nothing', async () => {
    const { clock, acs, playout, join } = setUp();
    const { events, ...worker } = join();
    playout.onSpeechStarted(0);
    worker.speak(speech(100), 'whole');
    await clock.advance(150);
    playout.onSpeechEnded(0, 0, 1_000);
    playout.onSpeechStarted(0);
    expect(acs.stops).toBe(0);
    expect(events).toEqual([{ type: 'played', turn: 0, playedMs: 100 }]);
  });

  it('does not count the jitter buffer as something that was heard', async () => {
    const { clock, playout, join } = setUp(200);
    const { events, ...worker } = join();
    worker.speak(speech(1_000), 'streamed', 0);
    await clock.advance(250);
    playout.onSpeechStarted(0);
    expect(events).toEqual([{ type: 'interrupted', turn: 1, playedMs: 50 }]);
  });

  it('says from the last that had been heard to its end how much was heard', async () => {
    const { clock, playout, join } = setUp();
    const { events, ...worker } = join();
    worker.speak(speech(300), 'whole');
    await clock.advance(1_000);
    worker.speak(speech(300), 'whole');
    await clock.advance(100);
    playout.onSpeechStarted(0);
    expect(events).toEqual([
      { type: 'played', turn: 0, playedMs: 300 },
      { type: 'interrupted', turn: 1, playedMs: 100 },
    ]);
  });
});

describe('what a worker is told when all was heard', () => {
  it.each([
    ['streamed', true, 1],
    ['streamed', false, 0],
    ['whole', false, 1],
  ] as const)('of audio that was %s, asked for: %s, is told %i times', async (kind, tellsPlayed, times) => {
    const { clock, join } = setUp();
    const { events, ...worker } = join({ tellsPlayed });
    worker.speak(speech(100), kind);
    await clock.advance(200);
    expect(events).toHaveLength(times);
    worker.speak(speech(100), 'streamed');
    await clock.advance(200);
    expect(events).toHaveLength(tellsPlayed ? 2 * times : times);
  });
});

describe('barge-in under the policy pause', () => {
  const pause: BargeInPolicy = { policy: 'pause', falseAfterMs: 400 };

  it('goes on at the exact sample when it was a false one', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ waitMs: fc.nat(900), pauseMs: fc.integer({ min: 1, max: 1_000 }) }), {
          maxLength: 4,
        }),
        fc.constantFrom('whole' as const, 'streamed' as const),
        async (pauses, kind) => {
          const { clock, acs, playout, join } = setUp(60);
          const { events, ...worker } = join({ bargeIn: pause });
          const said = speech(3_000);
          worker.speak(said.subarray(0, 40_000), kind, 0);
          worker.speak(said.subarray(40_000), kind, 0);
          for (const { waitMs, pauseMs } of pauses) {
            await clock.advance(waitMs);
            playout.onSpeechStarted(0);
            const { heardMs } = acs;
            await clock.advance(pauseMs);
            if (events.length === 0) expect(acs.heardMs, 'heard in the pause').toBe(heardMs);
            playout.onSpeechEnded(0, 0, 100);
          }
          await clock.advance(4_000);
          const heard = acs.heard.filter((byte) => byte !== 0);
          expect(equal(heard, said), 'heard once, whole and in order').toBe(true);
          expect(events).toEqual([{ type: 'played', turn: 0, playedMs: 3_000 }]);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('is over when the worker stops by itself: what it says next is heard', async () => {
    const { clock, acs, playout, join } = setUp();
    const worker = join({ bargeIn: pause });
    worker.speak(speech(1_000), 'whole');
    await clock.advance(100);
    playout.onSpeechStarted(0);
    worker.stop();
    worker.speak(speech(200, 2), 'whole');
    await clock.advance(500);
    expect(equal(acs.heard.subarray(3_200), speech(200, 2))).toBe(true);
  });

  it('lasts while frames are held up, and goes on where it was once they say that the speech was short', async () => {
    const { clock, acs, playout, join } = setUp(0, 0, undefined, () => true);
    const { events, ...worker } = join({ bargeIn: pause });
    const said = speech(2_000);
    worker.speak(said, 'whole', 0);
    await clock.advance(500);
    playout.onSpeechStarted(0);
    await clock.advance(10_000);
    expect(events).toEqual([]);
    playout.onSpeechEnded(0, 0, 240);
    await clock.advance(1_600);
    expect(equal(acs.heard, said)).toBe(true);
  });

  it('keeps what comes in the pause', async () => {
    const { clock, acs, playout, join } = setUp();
    const worker = join({ bargeIn: pause });
    const said = speech(1_000);
    worker.speak(said.subarray(0, 16_000), 'streamed', 0);
    await clock.advance(100);
    playout.onSpeechStarted(0);
    worker.speak(said.subarray(16_000), 'streamed', 0);
    await clock.advance(300);
    expect(acs.heardMs).toBe(100);
    playout.onSpeechEnded(0, 0, 200);
    await clock.advance(1_000);
    expect(equal(acs.heard, said)).toBe(true);
  });

  it.each([
    ['its end says that it was long', 900, 500],
    ['no end of it comes', 1_200, undefined],
  ])('interrupts when %s', async (_, waitMs, durationMs) => {
    const { clock, acs, playout, join } = setUp();
    const { events, ...worker } = join({ bargeIn: pause });
    worker.speak(speech(3_000), 'whole', 0);
    await clock.advance(700);
    playout.onSpeechStarted(0);
    await clock.advance(waitMs);
    if (durationMs !== undefined) playout.onSpeechEnded(0, 0, durationMs);
    expect(events).toEqual([{ type: 'interrupted', turn: 1, playedMs: 700 }]);
    await clock.advance(3_000);
    expect(acs.heardMs).toBe(700);
    expect(acs.stops, 'StopAudio for the pause alone').toBe(1);
  });
});

describe('barge-in under other policies', () => {
  it('never interrupts a worker that must not be', async () => {
    const { clock, acs, playout, join } = setUp();
    const worker = join({ bargeIn: { policy: 'never' } });
    worker.speak(speech(500), 'whole');
    await clock.advance(100);
    playout.onSpeechStarted(0);
    playout.keyPressed();
    await clock.advance(1_000);
    expect(acs.heardMs).toBe(500);
  });

  it('is by keys alone under dtmf', async () => {
    const { clock, acs, playout, join } = setUp();
    const { events, ...worker } = join({ bargeIn: { policy: 'dtmf' } });
    worker.speak(speech(500), 'whole');
    await clock.advance(100);
    playout.onSpeechStarted(0);
    expect(acs.stops).toBe(0);
    playout.keyPressed();
    expect(events).toEqual([{ type: 'interrupted', turn: 1, playedMs: 100 }]);
  });
});
