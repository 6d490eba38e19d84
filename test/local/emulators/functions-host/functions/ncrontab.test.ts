import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NcrontabSchedule } from '../../../../../local/emulators/functions-host/functions/ncrontab.ts';

const AFTER = '2026-03-10T14:22:33.500Z'; // a Tuesday

function occurrences(text: string, count: number, after = AFTER): string[] {
  const schedule = new NcrontabSchedule(text);
  const found: string[] = [];
  let at = new Date(after);
  for (let n = 0; n < count; n += 1) {
    at = schedule.next(at);
    found.push(at.toISOString().replace('.000Z', ''));
  }
  return found;
}

describe('occurrences', () => {
  it.each([
    ['* * * * * *', ['2026-03-10T14:22:34', '2026-03-10T14:22:35']],
    ['0 * * * * *', ['2026-03-10T14:23:00', '2026-03-10T14:24:00']],
    ['0 */5 * * * *', ['2026-03-10T14:25:00', '2026-03-10T14:30:00']],
    ['*/20 22,59 * * * *', ['2026-03-10T14:22:40', '2026-03-10T14:59:00']],
    ['0 0 9-17/4 * * *', ['2026-03-10T17:00:00', '2026-03-11T09:00:00']],
    ['0 0 17-9 * * *', ['2026-03-10T15:00:00', '2026-03-10T16:00:00']],
    ['0 50/5 * * * *', ['2026-03-10T14:50:00', '2026-03-10T14:55:00', '2026-03-10T15:50:00']],
    ['0 30 9 * * Mon-Fri', ['2026-03-11T09:30:00', '2026-03-12T09:30:00']],
    ['0 0 0 * * sunday', ['2026-03-15T00:00:00', '2026-03-22T00:00:00']],
    ['0 0 0 1 jan,JUL *', ['2026-07-01T00:00:00', '2027-01-01T00:00:00']],
    ['0 0 0 31 * *', ['2026-03-31T00:00:00', '2026-05-31T00:00:00']],
    ['0 0 0 29 2 *', ['2028-02-29T00:00:00', '2032-02-29T00:00:00']],
    ['*/15 * * * *', ['2026-03-10T14:30:00', '2026-03-10T14:45:00']],
  ])('"%s"', (text, expected) => {
    expect(occurrences(text, expected.length)).toEqual(expected);
  });

  it('needs both the day and the day of the week to fit, unlike Unix cron', () => {
    expect(occurrences('0 0 0 13 * Fri', 2)).toEqual(['2026-03-13T00:00:00', '2026-11-13T00:00:00']);
  });

  it('comes strictly later than the given time', () => {
    expect(occurrences('0 0 12 * * *', 1, '2026-03-10T12:00:00.000Z')).toEqual(['2026-03-11T12:00:00']);
    expect(occurrences('0 0 12 * * *', 1, '2026-03-10T11:59:59.999Z')).toEqual(['2026-03-10T12:00:00']);
  });

  it('is the first second that fits: no second in between does', () => {
    const field = (min: number, max: number) =>
      fc.oneof(
        fc.constant('*'),
        fc.integer({ min, max }).map(String),
        fc.integer({ min: 2, max: 30 }).map((step) => `*/${step}`),
        fc.tuple(fc.integer({ min, max }), fc.integer({ min, max })).map(([a, b]) => `${a}-${b}`),
      );
    const after = Date.UTC(2026, 5, 30, 23, 58, 0);
    fc.assert(
      fc.property(field(0, 59), field(0, 59), field(0, 23), field(0, 6), (s, m, h, w) => {
        const schedule = new NcrontabSchedule(`${s} ${m} ${h} * * ${w}`);
        const next = schedule.next(new Date(after)).getTime();
        const fits = (ms: number): boolean => schedule.next(new Date(ms - 1_000)).getTime() === ms;
        expect(fits(next)).toBe(true);
        const looked = Math.min(next, after + 180_000);
        for (let ms = after + 1_000; ms < looked; ms += 1_000) expect(matches(ms, [s, m, h, w])).toBe(false);
        expect(matches(next, [s, m, h, w])).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});

/** Says plainly, field by field, whether an instant fits; knows only the forms that the property generates. */
function matches(ms: number, [s, m, h, w]: [string, string, string, string]): boolean {
  const date = new Date(ms);
  const one = (text: string, value: number): boolean => {
    if (text === '*') return true;
    if (text.startsWith('*/')) return value % Number(text.slice(2)) === 0;
    const [a = 0, b = a] = text.split('-').map(Number);
    return value >= Math.min(a, b) && value <= Math.max(a, b);
  };
  return (
    one(s, date.getUTCSeconds()) &&
    one(m, date.getUTCMinutes()) &&
    one(h, date.getUTCHours()) &&
    one(w, date.getUTCDay())
  );
}

describe('refusals', () => {
  it.each([
    ['', /has 0 fields; it needs six/],
    ['* * *', /has 3 fields/],
    ['60 * * * * *', /60 is outside the second's 0 to 59/],
    ['0 0 24 * * *', /24 is outside the hour's 0 to 23/],
    ['0 0 0 0 * *', /0 is outside the day's 1 to 31/],
    ['0 0 0 * * 7', /7 is outside the day of the week's 0 to 6/],
    ['0 0 0 * Foo *', /"Foo" is no month/],
    ['0 0 0 * * ?', /"\?" in the day of the week is no number/],
    ['*/0 * * * * *', /must be at least 1/],
    ['1-2-3 * * * * *', /"1-2-3" in the second is no range/],
    ['0 0 0 31 Feb *', /"0 0 0 31 Feb \*" never comes/],
    ['00:05:00', /has 1 fields/],
  ])('"%s" is refused with its reason', (text, reason) => {
    expect(() => new NcrontabSchedule(text)).toThrow(reason);
  });
});
