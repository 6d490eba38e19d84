import { describe, expect, it } from 'vitest';
import { HeldAudio } from '../../../relay/audio/held-audio.ts';
import { LONGEST_SPEECH_MS } from '../../../shared/call/plan.ts';
import { equal, LEAD_MS, playoutFixture as setUp, speech } from './playout-fixture.ts';

const MAX_SOCKET_BUFFER_BYTES = 1024 * 1024;
const WHEEL_SLOT_MS = 5;

describe('a long reply', () => {
  it('is given to ACS a little ahead of its time, in pieces, and is heard whole', async () => {
    const { clock, acs, join } = setUp();
    const { events, ...worker } = join();
    const long = speech(10_000);
    expect(worker.speak(long, 'whole')).toBe('taken');
    expect(acs.writes, 'the lead, in one write').toEqual([{ atMs: 0, ms: LEAD_MS }]);
    await clock.advance(5_000);
    expect(acs.heardMs, 'without a pause').toBe(5_000);
    await clock.advance(5_100);
    expect(equal(acs.heard, long), 'every sample once and in order').toBe(true);
    expect(acs.longestQueueMs).toBeLessThanOrEqual(LEAD_MS);
    for (const { ms } of acs.writes.slice(1, -1)) {
      expect(ms).toBeGreaterThanOrEqual(60);
      expect(ms).toBeLessThanOrEqual(100);
    }
    expect(events).toEqual([{ type: 'played', turn: 0, playedMs: 10_000 }]);
    expect(clock.pending, 'timers when all is said').toBe(0);
  });

  it('does not fall behind by the lateness of its timers', async () => {
    const { clock, acs, join } = setUp();
    const worker = join();
    worker.speak(speech(20_000), 'whole');
    await clock.advance(19_000);
    const sentMs = acs.writes.reduce((sum, { ms }) => sum + ms, 0);
    expect(sentMs - 19_000, 'what ACS has ahead').toBeGreaterThanOrEqual(LEAD_MS - 80 - WHEEL_SLOT_MS);
  });

  it('is given to ACS in larger pieces while the process is held up, and nothing is put into its holes', async () => {
    const { clock, acs, join } = setUp(200, 600);
    const worker = join();
    const long = speech(5_000);
    worker.speak(long.subarray(0, 80_000), 'streamed');
    worker.speak(long.subarray(80_000), 'streamed');
    await clock.advance(12_000);
    const fillerBytes = 200 * 32;
    expect(acs.heard.subarray(0, fillerBytes).every((byte) => byte === 0)).toBe(true);
    expect(equal(acs.heard.subarray(fillerBytes), long), 'silence at the start and nowhere else').toBe(true);
    expect(acs.writes.length).toBeLessThan(15);
  });

  it('is refused when more waits than a worker may have waiting', () => {
    const { playout, join } = setUp();
    const worker = join();
    for (let i = 0; i < LONGEST_SPEECH_MS / 10_000; i += 1)
      expect(worker.speak(new Uint8Array(320_000), 'whole')).toBe('taken');
    expect(worker.speak(new Uint8Array(320_000), 'whole')).toBe('playout is full');
    expect(playout.report().audioMsDropped).toBe(10_000);
  });

  it('is refused with a word to the worker, one for each run of audio that is dropped', async () => {
    const { clock, join } = setUp();
    const worker = join();
    worker.speak(new Uint8Array(LONGEST_SPEECH_MS * 32), 'whole');
    await clock.advance(1_000);
    for (let i = 0; i < 3; i += 1) worker.speak(new Uint8Array(320_000), 'whole');
    const refused = { type: 'refused', reason: 'playout is full', maxMs: LONGEST_SPEECH_MS };
    expect(worker.events).toEqual([{ ...refused, heldMs: expect.any(Number) }]);
    await clock.advance(20_000);
    expect(worker.speak(new Uint8Array(320_000), 'whole')).toBe('taken');
    worker.speak(new Uint8Array(3_200_000), 'whole');
    expect(worker.events).toHaveLength(2);
  });

  it('is refused with a word to each handler that speaks meanwhile, by the number of its packet', () => {
    const { join } = setUp();
    const worker = join();
    worker.speak(new Uint8Array(LONGEST_SPEECH_MS * 32), 'whole');
    for (const [number, isFirst] of [
      [1, true],
      [2, false],
      [3, true],
    ] as const)
      worker.speak(new Uint8Array(320_000), 'streamed', undefined, { number, isFirst });
    expect(worker.events).toMatchObject([
      { type: 'refused', number: 1 },
      { type: 'refused', number: 3 },
    ]);
  });

  it('is refused by the bound that holds while others fill the relay, and the worker learns which', () => {
    const { join } = setUp(0, 0, new HeldAudio(60_000_000));
    const [one, other] = [join(), join()];
    expect(one.speak(new Uint8Array(19_000_000), 'whole')).toBe('taken');
    expect(other.speak(new Uint8Array(21_000_000), 'whole')).toBe('playout is full');
    expect(other.speak(new Uint8Array(19_000_000), 'whole')).toBe('taken');
    const third = join({ bargeIn: { policy: 'never' } });
    expect(third.speak(new Uint8Array(12_000_000), 'whole')).toBe('relay is full');
    expect(third.events).toEqual([
      { type: 'refused', reason: 'relay is full', heldMs: 0, maxMs: expect.any(Number) },
    ]);
    const [{ maxMs = 0 } = {}] = third.events.flatMap((event) => (event.type === 'refused' ? [event] : []));
    expect(maxMs).toBeLessThan(LONGEST_SPEECH_MS);
    expect(third.speak(new Uint8Array((maxMs - 100) * 32), 'whole'), 'as much as it was told').toBe('taken');
  });
});

describe('a mark', () => {
  const marked = (outcome: string) => ({ type: 'marked', outcome, data: 'a' });
  const last = ({ events }: { events: unknown[] }) => events.at(-1);

  it('is answered at once where nothing is said, and otherwise when all of it was heard, once', async () => {
    const { clock, join } = setUp();
    const worker = join();
    expect(worker.mark('a')).toBe('marked');
    expect(worker.events).toEqual([marked('played')]);
    worker.speak(speech(1_000), 'streamed');
    worker.mark('a');
    worker.speak(speech(1_000), 'streamed');
    await clock.advance(1_999);
    expect(worker.events).toHaveLength(1);
    await clock.advance(1);
    expect(worker.events.slice(1)).toEqual([{ type: 'played', turn: 0, playedMs: 2_000 }, marked('played')]);
    await clock.advance(5_000);
    expect(worker.events).toHaveLength(3);
  });

  it('is answered when the worker is interrupted, stops, or the stream ends, and never when it has left', async () => {
    const { playout, join } = setUp();
    const [interrupted, stopped, cut, left] = [join(), join(), join(), join()];
    for (const worker of [interrupted, stopped, cut, left]) {
      worker.speak(speech(1_000), 'streamed');
      worker.mark('a');
    }
    left.leave();
    stopped.stop();
    expect(last(stopped)).toEqual(marked('stopped'));
    playout.onSpeechStarted(0);
    expect(interrupted.events).toEqual([
      expect.objectContaining({ type: 'interrupted' }),
      marked('interrupted'),
    ]);
    cut.speak(speech(1_000), 'streamed');
    cut.mark('a');
    playout.close();
    expect(last(cut)).toEqual(marked('stopped'));
    expect(left.events).toEqual([]);
    expect(cut.mark('a')).toBe('call has ended');
  });

  it('of a turn that is over is interrupted, although nothing is said', () => {
    const { playout, join } = setUp();
    const worker = join();
    worker.speak(speech(1_000), 'streamed', 0);
    playout.onSpeechStarted(0);
    expect(worker.speak(speech(1_000), 'whole', 0)).toBe('audio of an old turn');
    expect(worker.mark('a', 0)).toBe('marked');
    expect(worker.events.slice(1)).toEqual([marked('interrupted')]);
    worker.mark('a', 1);
    expect(last(worker)).toEqual(marked('played'));
    worker.mark('a', 2);
    expect(last(worker), 'a turn that has not begun').toEqual(marked('interrupted'));
  });

  it('is refused where many wait', () => {
    const worker = setUp().join();
    worker.speak(speech(1_000), 'streamed');
    const outcomes = Array.from({ length: 20 }, () => worker.mark('a'));
    expect(outcomes.filter((outcome) => outcome === 'too many marks')).toHaveLength(4);
  });
});

describe('replies at the pace of speech', () => {
  it('pass straight through, one write each, and a jittering one as well', async () => {
    const { clock, acs, join } = setUp(200);
    const worker = join({ tellsPlayed: false, bargeIn: { policy: 'never' } });
    const said: Uint8Array[] = [];
    for (let i = 0; i < 50; i += 1) {
      const reply = speech(100, i + 1);
      said.push(reply);
      worker.speak(reply, 'streamed');
      expect(acs.writes).toHaveLength(i + 1);
      await clock.advance([100, 20, 180][i % 3] ?? 100);
    }
    await clock.advance(1_000);
    expect(
      acs.heard.subarray(0, 200 * 32).every((byte) => byte === 0),
      'the jitter buffer',
    ).toBe(true);
    expect(equal(acs.heard.subarray(200 * 32), Buffer.concat(said))).toBe(true);
  });

  it('wakes the process less often than they come', async () => {
    const { clock, join } = setUp(200);
    const worker = join();
    let timers = 0;
    const { after } = clock;
    clock.after = (ms, run) => {
      timers += 1;
      return after.call(clock, ms, run);
    };
    for (let i = 0; i < 100; i += 1) {
      worker.speak(speech(100, i + 1), 'streamed');
      await clock.advance(100);
    }
    expect(timers).toBeLessThan(60);
  });
});

describe('the end of a call', () => {
  it('leaves nothing to be done', async () => {
    const { clock, acs, playout, join } = setUp();
    const { events, ...worker } = join();
    worker.speak(speech(5_000), 'whole');
    await clock.advance(100);
    const { length } = acs.writes;
    playout.close();
    playout.close();
    expect(worker.speak(speech(100), 'whole')).toBe('call has ended');
    expect(worker.stop()).toBe('call has ended');
    playout.onSpeechStarted(0);
    playout.keyPressed();
    await clock.advance(10_000);
    expect(acs.writes).toHaveLength(length);
    expect([events, playout.heldBytes, clock.pending]).toEqual([[], 0, 0]);
  });

  it('is near when ACS takes nothing any more: what waits is dropped and counted', async () => {
    const { clock, acs, playout, join } = setUp();
    const worker = join();
    worker.speak(speech(2_000), 'whole');
    acs.buffered = MAX_SOCKET_BUFFER_BYTES + 1;
    expect(worker.speak(speech(100), 'whole')).toBe('socket is full');
    await clock.advance(500);
    expect(playout.report()).toMatchObject({ audioMsOut: 300, audioMsDropped: 1_800 });
    acs.buffered = 0;
    expect(worker.speak(speech(100), 'whole')).toBe('taken');
    expect(acs.writes).toHaveLength(2);
  });
});
