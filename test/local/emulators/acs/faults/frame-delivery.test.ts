import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameDelivery } from '../../../../../local/emulators/acs/faults/frame-delivery.ts';
import type { FrameFault } from '../../../../../local/emulators/acs/faults/media-faults.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';

const MAX_WAITING_MESSAGES = 1_000;

interface Setting {
  readonly clock: ManualClock;
  readonly delivery: FrameDelivery;
  /** What was written: parts of one message joined by `|`. */
  readonly written: string[];
}

function setUp(faults: FrameFault[][], halfOpenAfterMs?: number): Setting {
  const clock = new ManualClock();
  const written: string[] = [];
  let open = false;
  const delivery = new FrameDelivery({ nextFrame: () => faults.shift() ?? [], halfOpenAfterMs }, clock, {
    send(part, { fin }) {
      if (open) written.push(`${written.pop()}|${part}`);
      else written.push(String(part));
      open = !fin;
    },
  });
  return { clock, delivery, written };
}

describe('delivering frames with faults', () => {
  it('writes everything as it is where there are none', () => {
    const { delivery, written } = setUp([]);
    for (const message of ['a', 'b']) delivery.send(message);
    expect(written).toEqual(['a', 'b']);
  });

  it.each<[string, FrameFault[], string[]]>([
    ['loses a frame', [{ type: 'lose' }], ['next']],
    ['duplicates a frame', [{ type: 'duplicate', copies: 3 }], ['abcdef', 'abcdef', 'abcdef', 'next']],
    ['splits a frame', [{ type: 'split', parts: 3 }], ['ab|cd|ef', 'next']],
    ['blows a frame up with white space', [{ type: 'oversize', bytes: 9 }], ['abcdef   ', 'next']],
    ['leaves alone what is longer already', [{ type: 'oversize', bytes: 2 }], ['abcdef', 'next']],
    [
      'lets several faults happen to one frame',
      [
        { type: 'oversize', bytes: 8 },
        { type: 'split', parts: 2 },
        { type: 'duplicate', copies: 2 },
      ],
      ['abcd|ef  ', 'abcd|ef  ', 'next'],
    ],
  ])('%s', (_, faults, expected) => {
    const { delivery, written } = setUp([faults]);
    delivery.send('abcdef');
    delivery.send('next');
    expect(written).toEqual(expected);
  });

  it('holds up the frames behind a late one, and keeps their order', () => {
    const { clock, delivery, written } = setUp([[], [{ type: 'jitter', delayMs: 50 }]]);
    for (const message of ['1', '2', '3']) delivery.send(message);
    clock.advance(49);
    expect(written).toEqual(['1']);
    clock.advance(1);
    expect(written).toEqual(['1', '2', '3']);
    delivery.send('4');
    expect(written).toEqual(['1', '2', '3', '4']);
  });

  it('drops and counts frames where too many wait', () => {
    const { clock, delivery, written } = setUp([[{ type: 'jitter', delayMs: 50 }]]);
    for (let i = 0; i < MAX_WAITING_MESSAGES + 3; i++) delivery.send(String(i));
    clock.advance(50);
    expect(written).toHaveLength(MAX_WAITING_MESSAGES);
    expect(delivery.dropped).toBe(3);
  });

  it('falls silent without a word after the time of a half-open socket', () => {
    const { clock, delivery, written } = setUp([[], [{ type: 'jitter', delayMs: 100 }]], 60);
    delivery.send('1');
    expect(delivery.halfOpen).toBe(false);
    delivery.send('late');
    clock.advance(60);
    expect(delivery.halfOpen).toBe(true);
    delivery.send('3');
    clock.advance(100);
    expect(written, 'what was late is not written either').toEqual(['1']);
  });

  it('writes nothing after it was closed', () => {
    const { clock, delivery, written } = setUp([[{ type: 'jitter', delayMs: 50 }]]);
    delivery.send('1');
    delivery.close();
    delivery.close();
    delivery.send('2');
    clock.advance(1_000);
    expect(written).toEqual([]);
    expect(clock.pending()).toEqual([]);
  });

  it('keeps the order and loses nothing but what it is told to lose, whatever the faults', () => {
    const fault: fc.Arbitrary<FrameFault> = fc.oneof(
      fc.record({ type: fc.constant('jitter' as const), delayMs: fc.integer({ min: 0, max: 90 }) }),
      fc.constant({ type: 'lose' as const }),
      fc.record({ type: fc.constant('duplicate' as const), copies: fc.integer({ min: 2, max: 4 }) }),
      fc.record({ type: fc.constant('split' as const), parts: fc.integer({ min: 2, max: 5 }) }),
      fc.record({ type: fc.constant('oversize' as const), bytes: fc.integer({ min: 1, max: 20 }) }),
    );
    fc.assert(
      fc.property(fc.array(fc.array(fault, { maxLength: 3 }), { maxLength: 40 }), (faults) => {
        const { clock, delivery, written } = setUp(faults.map((each) => [...each]));
        for (const [index] of faults.entries()) {
          delivery.send(`message ${index}`);
          clock.advance(20);
        }
        clock.advance(100);
        const expected = faults.flatMap((each, index) => {
          if (each.some(({ type }) => type === 'lose')) return [];
          const copies = each.reduce((last, one) => (one.type === 'duplicate' ? one.copies : last), 1);
          return new Array<string>(copies).fill(`message ${index}`);
        });
        expect(written.map((message) => message.replaceAll('|', '').trimEnd())).toEqual(expected);
      }),
    );
  });
});
