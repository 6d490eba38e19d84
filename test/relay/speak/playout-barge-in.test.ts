import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BargeInPolicy } from '../../../shared/call/plan.ts';
import { equal, speakerWorld as setUp, speech } from './playout-fixture.ts';

describe('barge-in under the policy stop', () => {
  it('stops at once, tells how much was heard, and drops what still comes for the old turn', async () => {
    const { clock, socket, speaker, join } = setUp();
    const { voice, events } = join();
    const first = speech(5_000);
    voice.speak(first, 'whole', 0);
    await clock.advance(1_234);
    speaker.onSpeechStarted(0);
    expect(socket.stops).toBe(1);
    expect(events).toEqual([{ type: 'interrupted', turn: 1, playedMs: 1_234 }]);
    expect(voice.speak(speech(100), 'streamed', 0)).toBe('audio of an old turn');
    expect(voice.speak(speech(100), 'streamed', 2)).toBe('audio of a turn that has not begun');
    await clock.advance(500);
    expect(equal(socket.heard, first.subarray(0, 1_234 * 32)), 'nothing more was heard').toBe(true);
    const second = speech(400, 7);
    expect(voice.speak(second, 'whole', 1)).toBe('taken');
    await clock.advance(500);
    expect(equal(socket.heard.subarray(1_234 * 32), second)).toBe(true);
    expect(speaker.report()).toMatchObject({ interruptions: 1, stopAudioSent: 1, audioMsCut: 3_766 });
  });

  it('leaves those alone who say nothing', async () => {
    const { clock, socket, speaker, join } = setUp();
    const { voice, events } = join();
    speaker.onSpeechStarted(0);
    voice.speak(speech(100), 'whole');
    await clock.advance(150);
    speaker.onSpeechEnded(0, 0, 1_000);
    speaker.onSpeechStarted(0);
    expect(socket.stops).toBe(0);
    expect(events).toEqual([{ type: 'played', turn: 0, playedMs: 100 }]);
  });

  it('does not count the jitter buffer as something that was heard', async () => {
    const { clock, speaker, join } = setUp(200);
    const { voice, events } = join();
    voice.speak(speech(1_000), 'streamed', 0);
    await clock.advance(250);
    speaker.onSpeechStarted(0);
    expect(events).toEqual([{ type: 'interrupted', turn: 1, playedMs: 50 }]);
  });

  it('says from the last that had been heard to its end how much was heard', async () => {
    const { clock, speaker, join } = setUp();
    const { voice, events } = join();
    voice.speak(speech(300), 'whole');
    await clock.advance(1_000);
    voice.speak(speech(300), 'whole');
    await clock.advance(100);
    speaker.onSpeechStarted(0);
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
    const { voice, events } = join({ tellsPlayed });
    voice.speak(speech(100), kind);
    await clock.advance(200);
    expect(events).toHaveLength(times);
    voice.speak(speech(100), 'streamed');
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
          const { clock, socket, speaker, join } = setUp(60);
          const { voice, events } = join({ bargeIn: pause });
          const said = speech(3_000);
          voice.speak(said.subarray(0, 40_000), kind, 0);
          voice.speak(said.subarray(40_000), kind, 0);
          for (const { waitMs, pauseMs } of pauses) {
            await clock.advance(waitMs);
            speaker.onSpeechStarted(0);
            const { heardMs } = socket;
            await clock.advance(pauseMs);
            if (events.length === 0) expect(socket.heardMs, 'heard in the pause').toBe(heardMs);
            speaker.onSpeechEnded(0, 0, 100);
          }
          await clock.advance(4_000);
          const heard = socket.heard.filter((byte) => byte !== 0);
          expect(equal(heard, said), 'heard once, whole and in order').toBe(true);
          expect(events).toEqual([{ type: 'played', turn: 0, playedMs: 3_000 }]);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('is over when the worker stops by itself: what it says next is heard', async () => {
    const { clock, socket, speaker, join } = setUp();
    const { voice } = join({ bargeIn: pause });
    voice.speak(speech(1_000), 'whole');
    await clock.advance(100);
    speaker.onSpeechStarted(0);
    voice.stop();
    voice.speak(speech(200, 2), 'whole');
    await clock.advance(500);
    expect(equal(socket.heard.subarray(3_200), speech(200, 2))).toBe(true);
  });

  it('keeps what comes in the pause', async () => {
    const { clock, socket, speaker, join } = setUp();
    const { voice } = join({ bargeIn: pause });
    const said = speech(1_000);
    voice.speak(said.subarray(0, 16_000), 'streamed', 0);
    await clock.advance(100);
    speaker.onSpeechStarted(0);
    voice.speak(said.subarray(16_000), 'streamed', 0);
    await clock.advance(300);
    expect(socket.heardMs).toBe(100);
    speaker.onSpeechEnded(0, 0, 200);
    await clock.advance(1_000);
    expect(equal(socket.heard, said)).toBe(true);
  });

  it.each([
    ['its end says that it was long', 900, 500],
    ['no end of it comes', 1_200, undefined],
  ])('interrupts when %s', async (_, waitMs, durationMs) => {
    const { clock, socket, speaker, join } = setUp();
    const { voice, events } = join({ bargeIn: pause });
    voice.speak(speech(3_000), 'whole', 0);
    await clock.advance(700);
    speaker.onSpeechStarted(0);
    await clock.advance(waitMs);
    if (durationMs !== undefined) speaker.onSpeechEnded(0, 0, durationMs);
    expect(events).toEqual([{ type: 'interrupted', turn: 1, playedMs: 700 }]);
    await clock.advance(3_000);
    expect(socket.heardMs).toBe(700);
    expect(socket.stops, 'StopAudio for the pause alone').toBe(1);
  });
});

describe('barge-in under other policies', () => {
  it('never interrupts a worker that must not be', async () => {
    const { clock, socket, speaker, join } = setUp();
    const { voice } = join({ bargeIn: { policy: 'never' } });
    voice.speak(speech(500), 'whole');
    await clock.advance(100);
    speaker.onSpeechStarted(0);
    speaker.keyPressed();
    await clock.advance(1_000);
    expect(socket.heardMs).toBe(500);
  });

  it('is by keys alone under dtmf', async () => {
    const { clock, socket, speaker, join } = setUp();
    const { voice, events } = join({ bargeIn: { policy: 'dtmf' } });
    voice.speak(speech(500), 'whole');
    await clock.advance(100);
    speaker.onSpeechStarted(0);
    expect(socket.stops).toBe(0);
    speaker.keyPressed();
    expect(events).toEqual([{ type: 'interrupted', turn: 1, playedMs: 100 }]);
  });
});
