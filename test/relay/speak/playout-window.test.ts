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
    const ledger = new PlayoutWindow('pcm16KMono');
    ledger.sent(audio(100), 'audio', 1_000);
    expect(ledger.heardMs(1_000)).toBe(0);
    expect(ledger.heardMs(1_060)).toBe(60);
    expect(ledger.heardMs(5_000)).toBe(100);
    expect(ledger.endMs).toBe(1_100);
  });

  it('does not count filler as heard, though it takes its time', () => {
    const ledger = new PlayoutWindow('pcm16KMono');
    ledger.sent(audio(200), 'filler', 0);
    ledger.sent(audio(100), 'audio', 0);
    expect(ledger.heardMs(200)).toBe(0);
    expect(ledger.heardMs(250)).toBe(50);
    expect(ledger.queuedMs(250)).toBe(50);
  });

  it('gives back what was not heard, from the exact sample, without the filler', () => {
    const ledger = new PlayoutWindow('pcm16KMono');
    ledger.sent(audio(20), 'filler', 0);
    ledger.sent(audio(80), 'audio', 0);
    ledger.sent(audio(80, 80), 'audio', 40);
    const unheard = ledger.stopped(50.5);
    expect(bytes(unheard.pieces)).toEqual(Buffer.from(audio(160)).subarray(30.5 * 32));
    expect(unheard.ms).toBe(129.5);
    expect(ledger.queuedMs(50.5), 'nothing is left to play').toBe(0);
    expect(ledger.stopped(60).pieces).toEqual([]);
  });

  it('gives back all of the audio, and no filler, when it is stopped in the filler', () => {
    const ledger = new PlayoutWindow('pcm16KMono');
    ledger.sent(audio(20), 'filler', 0);
    ledger.sent(audio(80), 'audio', 0);
    expect(bytes(ledger.stopped(5).pieces)).toEqual(Buffer.from(audio(80)));
    expect(ledger.heardMs(500)).toBe(0);
  });

  it('leaves out a gap in which there was nothing to play', () => {
    const ledger = new PlayoutWindow('pcm16KMono');
    ledger.sent(audio(20), 'audio', 0);
    ledger.sent(audio(100, 20), 'audio', 500);
    expect(ledger.heardMs(510)).toBe(30);
    expect(bytes(ledger.stopped(510).pieces)).toEqual(Buffer.from(audio(90, 30)));
  });

  it('counts anew where it is told to', () => {
    const ledger = new PlayoutWindow('pcm16KMono');
    ledger.sent(audio(100), 'audio', 0);
    ledger.beginCount(40);
    expect(ledger.heardMs(70)).toBe(30);
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
          const ledger = new PlayoutWindow('pcm16KMono');
          const sent: Uint8Array[] = [];
          let nowMs = 0;
          let at = 0;
          for (const { waitMs, samples } of steps) {
            nowMs += waitMs;
            const pcm = Uint8Array.from({ length: samples * 2 }, (_, i) => (at + i) % 251);
            at += pcm.byteLength;
            sent.push(pcm);
            ledger.sent(pcm, 'audio', nowMs);
          }
          nowMs += tailMs;
          const heardBytes = Math.round(ledger.heardMs(nowMs) * 32);
          expect(bytes(ledger.stopped(nowMs).pieces).equals(bytes(sent).subarray(heardBytes))).toBe(true);
        },
      ),
    );
  });
});
