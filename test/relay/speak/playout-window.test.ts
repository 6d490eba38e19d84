import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlayoutWindow } from '../../../relay/speak/playout-window.ts';

/** 32 bytes a millisecond; the bytes count up from `from`, so that a sample says where it was. */
function audio(ms: number, from = 0): Uint8Array {
  return Uint8Array.from({ length: ms * 32 }, (_, i) => (from * 32 + i) % 251);
}

const bytes = (pieces: readonly Uint8Array[]): Buffer => Buffer.concat(pieces);

describe('PlayoutWindow', () => {
  it('counts what has been heard by now', () => {
    const window = new PlayoutWindow('pcm16KMono');
    window.sent(audio(100), 'audio', 1_000);
    expect(window.heardMs(1_000)).toBe(0);
    expect(window.heardMs(1_060)).toBe(60);
    expect(window.heardMs(5_000)).toBe(100);
    expect(window.endMs).toBe(1_100);
  });

  it('does not count filler as heard, though it takes its time', () => {
    const window = new PlayoutWindow('pcm16KMono');
    window.sent(audio(200), 'filler', 0);
    window.sent(audio(100), 'audio', 0);
    expect(window.heardMs(200)).toBe(0);
    expect(window.heardMs(250)).toBe(50);
    expect(window.queuedMs(250)).toBe(50);
  });

  it('gives back what was not heard, from the exact sample, without the filler', () => {
    const window = new PlayoutWindow('pcm16KMono');
    window.sent(audio(20), 'filler', 0);
    window.sent(audio(80), 'audio', 0);
    window.sent(audio(80, 80), 'audio', 40);
    const unheard = window.stopped(50.5);
    expect(bytes(unheard.pieces)).toEqual(Buffer.from(audio(160)).subarray(30.5 * 32));
    expect(unheard.ms).toBe(129.5);
    expect(window.queuedMs(50.5), 'nothing is left to play').toBe(0);
    expect(window.stopped(60).pieces).toEqual([]);
  });

  it('gives back all of the audio, and no filler, when it is stopped in the filler', () => {
    const window = new PlayoutWindow('pcm16KMono');
    window.sent(audio(20), 'filler', 0);
    window.sent(audio(80), 'audio', 0);
    expect(bytes(window.stopped(5).pieces)).toEqual(Buffer.from(audio(80)));
    expect(window.heardMs(500)).toBe(0);
  });

  it('leaves out a gap in which there was nothing to play', () => {
    const window = new PlayoutWindow('pcm16KMono');
    window.sent(audio(20), 'audio', 0);
    window.sent(audio(100, 20), 'audio', 500);
    expect(window.heardMs(510)).toBe(30);
    expect(bytes(window.stopped(510).pieces)).toEqual(Buffer.from(audio(90, 30)));
  });

  it('counts from where the count begins', () => {
    const window = new PlayoutWindow('pcm16KMono');
    window.sent(audio(100), 'audio', 0);
    window.beginCount(40);
    expect(window.heardMs(70)).toBe(30);
  });

  it('never loses or doubles a sample: what was heard and what comes back make up what was sent', () => {
    const step = fc.record({
      waitMs: fc.double({ min: 0, max: 300, noNaN: true }),
      samples: fc.integer({ min: 0, max: 4_000 }),
    });
    return fc.assert(
      fc.property(
        fc.array(step, { maxLength: 30 }),
        fc.double({ min: 0, max: 400, noNaN: true }),
        (steps, tailMs) => {
          const window = new PlayoutWindow('pcm16KMono');
          const sent: Uint8Array[] = [];
          let nowMs = 0;
          let at = 0;
          for (const { waitMs, samples } of steps) {
            nowMs += waitMs;
            const pcm = Uint8Array.from({ length: samples * 2 }, (_, i) => (at + i) % 251);
            at += pcm.byteLength;
            sent.push(pcm);
            window.sent(pcm, 'audio', nowMs);
          }
          nowMs += tailMs;
          const heardBytes = Math.round(window.heardMs(nowMs) * 32);
          expect(bytes(window.stopped(nowMs).pieces).equals(bytes(sent).subarray(heardBytes))).toBe(true);
        },
      ),
    );
  });
});

describe('the estimate of what ACS still has to play', () => {
  it('has nothing to play at the start', () => {
    expect(new PlayoutWindow('pcm16KMono').queuedMs(0)).toBe(0);
    expect(new PlayoutWindow('pcm16KMono').queuedMs(1e12)).toBe(0);
  });

  it('plays in real time what was sent', () => {
    const window = new PlayoutWindow('pcm16KMono');
    window.sent(audio(100), 'audio', 1_000);
    expect(window.queuedMs(1_000)).toBe(100);
    expect(window.queuedMs(1_040)).toBe(60);
    expect(window.queuedMs(1_100)).toBe(0);
    expect(window.queuedMs(5_000)).toBe(0);
  });

  it('plays audio after what is queued already', () => {
    const window = new PlayoutWindow('pcm16KMono');
    window.sent(audio(100), 'audio', 1_000);
    window.sent(audio(100), 'audio', 1_050);
    expect(window.queuedMs(1_050)).toBe(150);
  });

  it('plays audio at once after a pause, and does not count the pause as played', () => {
    const window = new PlayoutWindow('pcm16KMono');
    window.sent(audio(100), 'audio', 1_000);
    window.sent(audio(20), 'audio', 9_000);
    expect(window.queuedMs(9_000)).toBe(20);
  });

  it('says how much of the audio is not going to be heard when it is stopped', () => {
    const window = new PlayoutWindow('pcm16KMono');
    window.sent(audio(500), 'audio', 0);
    expect(window.stopped(200).ms).toBe(300);
    expect(window.queuedMs(200)).toBe(0);
    expect(window.stopped(200).ms).toBe(0);
    window.sent(audio(40), 'audio', 210);
    expect(window.queuedMs(210)).toBe(40);
  });

  it('agrees with a player that is stepped a millisecond at a time', () => {
    const step = fc.record({ waitMs: fc.nat(300), sentMs: fc.nat(400), isStop: fc.boolean() });
    const agrees = fc.property(fc.array(step, { maxLength: 30 }), (steps): void => {
      const window = new PlayoutWindow('pcm16KMono');
      let nowMs = 0;
      let queue = 0;
      for (const { waitMs, sentMs, isStop } of steps) {
        for (let ms = 0; ms < waitMs; ms += 1) queue = Math.max(0, queue - 1);
        nowMs += waitMs;
        if (isStop) {
          expect(window.stopped(nowMs).ms).toBe(queue);
          queue = 0;
        } else {
          window.sent(audio(sentMs), 'audio', nowMs);
          queue += sentMs;
        }
        expect(window.queuedMs(nowMs)).toBe(queue);
      }
    });
    return fc.assert(agrees);
  });
});
