import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Speaker } from '../../relay/speaker.ts';
import { MAX_SOCKET_BUFFER_BYTES } from '../../relay/speaking/media-outlet.ts';
import { MAX_FLOOR_MS } from '../../relay/speaking/stage.ts';
import { TimerWheel, WHEEL_SLOT_MS } from '../../relay/speaking/timer-wheel.ts';
import { MAX_HELD_MS, type Voice, type VoiceOptions } from '../../relay/speaking/voice.ts';
import type { BargeInPolicy } from '../../shared/core/barge-in.ts';
import { PlayingSocket } from './playing-socket.ts';
import { RelayClock } from './relay-clock.ts';

const LEAD_MS = 300;

interface Worker {
  readonly voice: Voice;
  readonly events: Parameters<VoiceOptions['onEvent']>[0][];
}

/** @param timersLateMs how much later than asked every timer of the process runs */
function setUp(jitterBufferMs = 0, timersLateMs = 0) {
  const clock = new RelayClock();
  const { after } = clock;
  clock.after = (ms, run) => after.call(clock, ms + timersLateMs, run);
  const failures: unknown[] = [];
  onTestFinished(() => expect(failures, 'errors of what was due').toEqual([]));
  const wheel = new TimerWheel(clock, (error) => failures.push(error));
  const socket = new PlayingSocket(clock);
  const speaker = new Speaker({
    socket,
    format: 'pcm16KMono',
    jitterBufferMs,
    leadMs: LEAD_MS,
    clock,
    wheel,
  });
  return {
    clock,
    socket,
    speaker,
    join(change: Partial<VoiceOptions> = {}): Worker {
      const events: Worker['events'] = [];
      const voice = speaker.join({
        speaks: true,
        priority: 0,
        bargeIn: { policy: 'stop' },
        replyMs: 0,
        tellsPlayed: true,
        onEvent: (event) => events.push(event),
        ...change,
      });
      return { voice, events };
    },
  };
}

/** Audio that says where it was: no two stretches of it are alike. Never zero, so that it is not taken for silence. */
function speech(ms: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: ms * 32 }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return 1 + ((state >>> 16) % 255);
  });
}

const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

describe('a long reply', () => {
  it('is given to ACS a little ahead of its time, in pieces, and is heard whole', async () => {
    const { clock, socket, join } = setUp();
    const { voice, events } = join();
    const long = speech(10_000);
    expect(voice.speak(long, 'whole')).toBe('taken');
    expect(socket.writes, 'the lead, in one write').toEqual([{ atMs: 0, ms: LEAD_MS }]);
    await clock.advance(5_000);
    expect(socket.heardMs, 'without a pause').toBe(5_000);
    await clock.advance(5_100);
    expect(equal(socket.heard, long), 'every sample once and in order').toBe(true);
    expect(socket.longestQueueMs).toBeLessThanOrEqual(LEAD_MS);
    for (const { ms } of socket.writes.slice(1, -1)) {
      expect(ms).toBeGreaterThanOrEqual(60);
      expect(ms).toBeLessThanOrEqual(100);
    }
    expect(events).toEqual([{ type: 'played', turn: 0, playedMs: 10_000 }]);
    expect(clock.pending, 'timers when all is said').toBe(0);
  });

  it('does not fall behind by the lateness of its timers', async () => {
    const { clock, socket, join } = setUp();
    const { voice } = join();
    voice.speak(speech(20_000), 'whole');
    await clock.advance(19_000);
    const sentMs = socket.writes.reduce((sum, { ms }) => sum + ms, 0);
    expect(sentMs - 19_000, 'what ACS has ahead').toBeGreaterThanOrEqual(LEAD_MS - 80 - WHEEL_SLOT_MS);
  });

  it('is given to ACS in larger pieces while the process is held up, and nothing is put into its holes', async () => {
    const { clock, socket, join } = setUp(200, 600);
    const { voice } = join();
    const long = speech(5_000);
    voice.speak(long.subarray(0, 80_000), 'streamed');
    voice.speak(long.subarray(80_000), 'streamed');
    await clock.advance(12_000);
    const fillerBytes = 200 * 32;
    expect(socket.heard.subarray(0, fillerBytes).every((byte) => byte === 0)).toBe(true);
    expect(equal(socket.heard.subarray(fillerBytes), long), 'silence at the start and nowhere else').toBe(
      true,
    );
    expect(socket.writes.length).toBeLessThan(15);
  });

  it('is refused when more waits than a worker may have waiting', () => {
    const { speaker, join } = setUp();
    const { voice } = join();
    for (let i = 0; i < MAX_HELD_MS / 10_000; i += 1)
      expect(voice.speak(new Uint8Array(320_000), 'whole')).toBe('taken');
    expect(voice.speak(new Uint8Array(320_000), 'whole')).toBe('playout is full');
    expect(speaker.report().audioMsDropped).toBe(10_000);
  });
});

describe('replies at the pace of speech', () => {
  it('pass straight through, one write each, and a jittering one as well', async () => {
    const { clock, socket, join } = setUp(200);
    const { voice } = join({ tellsPlayed: false, bargeIn: { policy: 'never' } });
    const said: Uint8Array[] = [];
    for (let i = 0; i < 50; i += 1) {
      const reply = speech(100, i + 1);
      said.push(reply);
      voice.speak(reply, 'streamed');
      expect(socket.writes).toHaveLength(i + 1);
      await clock.advance([100, 20, 180][i % 3] ?? 100);
    }
    await clock.advance(1_000);
    expect(
      socket.heard.subarray(0, 200 * 32).every((byte) => byte === 0),
      'the jitter buffer',
    ).toBe(true);
    expect(equal(socket.heard.subarray(200 * 32), Buffer.concat(said))).toBe(true);
  });

  it('wakes the process less often than they come', async () => {
    const { clock, join } = setUp(200);
    const { voice } = join();
    let timers = 0;
    const { after } = clock;
    clock.after = (ms, run) => {
      timers += 1;
      return after.call(clock, ms, run);
    };
    for (let i = 0; i < 100; i += 1) {
      voice.speak(speech(100, i + 1), 'streamed');
      await clock.advance(100);
    }
    expect(timers).toBeLessThan(60);
  });
});

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

describe('several workers', () => {
  it('speak one after the other when they are equals', async () => {
    const { clock, socket, join } = setUp();
    const [a, b] = [join(), join()];
    const [first, second] = [speech(500, 1), speech(300, 2)];
    a.voice.speak(first.subarray(0, 3_200), 'whole');
    b.voice.speak(second, 'whole');
    a.voice.speak(first.subarray(3_200), 'whole');
    await clock.advance(1_000);
    expect(equal(socket.heard, Buffer.concat([first, second]))).toBe(true);
    expect(a.events).toEqual([{ type: 'played', turn: 0, playedMs: 500 }]);
    expect(b.events).toEqual([{ type: 'played', turn: 0, playedMs: 300 }]);
  });

  it('give way to one of higher priority, which is heard at once', async () => {
    const { clock, socket, join } = setUp();
    const [low, high] = [join(), join({ priority: 3 })];
    const [music, notice] = [speech(2_000, 1), speech(300, 2)];
    low.voice.speak(music, 'whole', 0);
    await clock.advance(450);
    high.voice.speak(notice, 'whole', 0);
    expect(low.events).toEqual([{ type: 'interrupted', turn: 1, playedMs: 450 }]);
    low.voice.speak(speech(100, 3), 'whole', 1);
    await clock.advance(1_000);
    const expected = Buffer.concat([music.subarray(0, 450 * 32), notice, speech(100, 3)]);
    expect(equal(socket.heard, expected)).toBe(true);
  });

  it('are all interrupted, so that none that waits is heard over the caller', async () => {
    const { clock, socket, speaker, join } = setUp();
    const [a, b, never] = [join(), join(), join({ bargeIn: { policy: 'never' } })];
    a.voice.speak(speech(1_000), 'whole');
    b.voice.speak(speech(1_000, 2), 'whole');
    await clock.advance(100);
    const { length } = socket.writes;
    speaker.onSpeechStarted(0);
    expect([a.events, b.events]).toEqual([
      [{ type: 'interrupted', turn: 1, playedMs: 100 }],
      [{ type: 'interrupted', turn: 1, playedMs: 0 }],
    ]);
    expect([socket.stops, socket.writes.length - length], 'StopAudio, and audio after it').toEqual([1, 0]);
    never.voice.speak(speech(100, 3), 'whole');
    await clock.advance(500);
    expect(equal(socket.heard.subarray(3_200), speech(100, 3))).toBe(true);
  });

  it('can empty ACS even when the relay believes that all was heard', () => {
    const { socket, join } = setUp();
    expect(join().voice.stop()).toBe('stopped');
    expect(socket.stops).toBe(1);
  });

  it('are not heard when they only listen', async () => {
    const { clock, socket, join } = setUp();
    const [tap, other] = [join({ speaks: false, priority: 9 }), join()];
    other.voice.speak(speech(300), 'whole');
    expect(tap.voice.speak(speech(100, 2), 'whole')).toBe('the worker only listens');
    expect(tap.voice.stop()).toBe('the worker only listens');
    await clock.advance(500);
    expect(equal(socket.heard, speech(300))).toBe(true);
  });

  it('stop what they say themselves and nothing else', async () => {
    const { clock, socket, join } = setUp();
    const [a, b] = [join(), join()];
    a.voice.speak(speech(300), 'whole');
    b.voice.speak(speech(300, 2), 'whole');
    b.voice.stop();
    await clock.advance(100);
    expect(socket.stops).toBe(0);
    b.voice.speak(speech(100, 3), 'whole');
    a.voice.stop();
    expect(socket.stops).toBe(1);
    await clock.advance(500);
    expect(equal(socket.heard, Buffer.concat([speech(300).subarray(0, 3_200), speech(100, 3)]))).toBe(true);
  });

  it('leave, and the floor goes on to the next', async () => {
    const { clock, socket, join } = setUp();
    const [a, b] = [join(), join()];
    a.voice.speak(speech(5_000), 'whole');
    b.voice.speak(speech(300, 2), 'whole');
    await clock.advance(100);
    a.voice.leave();
    a.voice.leave();
    expect(a.voice.speak(speech(100), 'whole')).toBe('call has ended');
    await clock.advance(1_000);
    expect(equal(socket.heard, Buffer.concat([speech(5_000).subarray(0, 3_200), speech(300, 2)]))).toBe(true);
    expect(a.events).toEqual([]);
  });

  it('make way for an equal that has waited long enough, and go on after it', async () => {
    const { clock, socket, join } = setUp();
    const [talker, other] = [join({ bargeIn: { policy: 'never' } }), join()];
    const long = speech(80_000);
    talker.voice.speak(long, 'whole');
    other.voice.speak(speech(200, 2), 'whole');
    await clock.advance(MAX_FLOOR_MS + 1_000);
    expect(other.events).toEqual([{ type: 'played', turn: 0, playedMs: 200 }]);
    await clock.advance(21_000);
    expect(talker.events).toEqual([{ type: 'played', turn: 0, playedMs: 80_000 }]);
    const at = socket.heard.indexOf(Buffer.from(speech(200, 2)));
    expect(at).toBeGreaterThan(0);
    const rest = Buffer.concat([socket.heard.subarray(0, at), socket.heard.subarray(at + 6_400)]);
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
        const { clock, socket, join } = setUp();
        const good = join({ priority: 1, bargeIn: { policy: 'never' } });
        const bad = [join(), join({ speaks: false, priority: 9 })];
        const said: Uint8Array[] = [];
        let goodUntilMs = 0;
        bad[0]?.voice.speak(new Uint8Array(64_000), 'whole');
        await clock.advance(50);
        const startMs = clock.elapsedMs();
        for (const [i, { who, what, ms, waitMs }] of acts.entries()) {
          const reply = speech(200, i + 1);
          said.push(reply);
          good.voice.speak(reply, 'streamed', 0);
          goodUntilMs = Math.max(goodUntilMs, clock.elapsedMs()) + 200;
          const voice = bad[who]?.voice;
          if (what === 'speak') voice?.speak(new Uint8Array(ms * 32), 'whole');
          else if (what === 'flood')
            for (let n = 0; n < 200; n += 1) voice?.speak(new Uint8Array(2), 'streamed', 0);
          else if (what === 'wrong turn') voice?.speak(new Uint8Array(ms * 32), 'streamed', 4_000_000_000);
          else if (what === 'stop') voice?.stop();
          else voice?.leave();
          await clock.advance(waitMs);
        }
        await clock.advance(Math.max(0, goodUntilMs - clock.elapsedMs()));
        // The bad ones say nothing but zeros, the good one no zero at all.
        const heard = socket.heard.filter((byte) => byte !== 0);
        expect(equal(heard, Buffer.concat(said)), `heard by the time it took, from ${startMs} ms on`).toBe(
          true,
        );
      }),
      { numRuns: 60 },
    );
  });
});

describe('the end of a call', () => {
  it('leaves nothing to be done', async () => {
    const { clock, socket, speaker, join } = setUp();
    const { voice, events } = join();
    voice.speak(speech(5_000), 'whole');
    await clock.advance(100);
    const { length } = socket.writes;
    speaker.close();
    speaker.close();
    expect(voice.speak(speech(100), 'whole')).toBe('call has ended');
    expect(voice.stop()).toBe('call has ended');
    speaker.onSpeechStarted(0);
    speaker.keyPressed();
    await clock.advance(10_000);
    expect(socket.writes).toHaveLength(length);
    expect([events, speaker.heldBytes, clock.pending]).toEqual([[], 0, 0]);
  });

  it('is near when ACS takes nothing any more: what waits is dropped and counted', async () => {
    const { clock, socket, speaker, join } = setUp();
    const { voice } = join();
    voice.speak(speech(2_000), 'whole');
    socket.buffered = MAX_SOCKET_BUFFER_BYTES + 1;
    expect(voice.speak(speech(100), 'whole')).toBe('socket is full');
    await clock.advance(500);
    expect(speaker.report()).toMatchObject({ audioMsOut: 300, audioMsDropped: 1_800 });
    socket.buffered = 0;
    expect(voice.speak(speech(100), 'whole')).toBe('taken');
    expect(socket.writes).toHaveLength(2);
  });
});
