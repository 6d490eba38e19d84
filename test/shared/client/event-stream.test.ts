import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventStreamReader } from '../../../shared/client/event-stream.ts';

function read(...pieces: readonly string[]): ReturnType<EventStreamReader['readEvents']> {
  const reader = new EventStreamReader();
  return pieces.flatMap((piece) => reader.readEvents(piece));
}

describe('reading server-sent events', () => {
  it('reads ids, names and data, and leaves out comments and fields that it does not know', () => {
    expect(
      read(': hello\nretry: 1000\n\nid: 7.1\ndata: {"a":1}\n\nevent: end\ndata:x\ndata: y\nwhat: else\n\n'),
    ).toEqual([
      { id: '7.1', event: 'message', data: '{"a":1}' },
      { id: '7.1', event: 'end', data: 'x\ny' },
    ]);
  });

  it('reads the same however the text is cut, and with every end of line', () => {
    const text = 'id: 1\ndata: a: b\n\ndata: ä\n\n: c\n\nevent: e\nid: 2\ndata\n\n';
    const whole = read(text);
    expect(whole).toHaveLength(3);
    fc.assert(
      fc.property(fc.array(fc.nat(text.length)), fc.constantFrom('\n', '\r\n', '\r'), (cuts, end) => {
        const ended = text.replaceAll('\n', end);
        const places = [
          0,
          ...cuts.map((cut) => Math.min(cut, ended.length)).sort((a, b) => a - b),
          ended.length,
        ];
        // A lone carriage return at the very end is only known to be one by what follows it.
        const pieces = [...places.slice(1).map((to, index) => ended.slice(places[index], to)), ': end'];
        expect(read(...pieces)).toEqual(whole);
      }),
    );
  });

  it('keeps no line without an end', () => {
    const reader = new EventStreamReader();
    expect(() => {
      for (let count = 0; count < 20; count += 1) reader.readEvents('x'.repeat(100_000));
    }).toThrow(RangeError);
  });

  it('refuses an event that never ends, however short its lines are', () => {
    const reader = new EventStreamReader();
    const lines = 'data:\n'.repeat(100_000);
    expect(() => {
      for (let i = 0; i < 20; i += 1) reader.readEvents(lines);
    }).toThrow(RangeError);
  });
});
