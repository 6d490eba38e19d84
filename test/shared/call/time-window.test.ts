import { describe, expect, it } from 'vitest';
import { isTimeZone, isWithin, type TimeWindow } from '../../../shared/call/time-window.ts';

const workingHours: TimeWindow = {
  timeZone: 'America/Los_Angeles',
  days: ['mon', 'tue', 'wed', 'thu', 'fri'],
  from: 9 * 60,
  to: 17 * 60,
};
const night: TimeWindow = { timeZone: 'UTC', days: ['fri'], from: 22 * 60, to: 6 * 60 };

describe('a part of the day', () => {
  it.each([
    ['on Monday at nine there', '2026-01-05T17:00:00Z', true],
    ['a minute earlier', '2026-01-05T16:59:00Z', false],
    ['on Monday before five there', '2026-01-06T00:59:59Z', true],
    ['on Monday at five there', '2026-01-06T01:00:00Z', false],
    ['on Sunday', '2026-01-04T18:00:00Z', false],
    ['in summer, an hour earlier by UTC', '2026-07-06T16:00:00Z', true],
  ])('%s: %s', (_what, time, within) => {
    expect(isWithin(workingHours, Date.parse(time))).toBe(within);
  });

  it.each([
    ['on Friday evening', '2026-01-09T22:00:00Z', true],
    ['on the night that Friday began', '2026-01-10T05:59:00Z', true],
    ['in the morning after', '2026-01-10T06:00:00Z', false],
    ['in the morning before', '2026-01-09T05:00:00Z', false],
    ['on Saturday evening', '2026-01-10T22:00:00Z', false],
  ])('that goes on past midnight holds %s: %s', (_what, time, within) => {
    expect(isWithin(night, Date.parse(time))).toBe(within);
  });

  it('without days and hours is always', () => {
    expect(isWithin({ timeZone: 'UTC' }, 0)).toBe(true);
  });

  it('knows the names of time zones', () => {
    expect(isTimeZone('Europe/Berlin')).toBe(true);
    expect(isTimeZone('Europe/Atlantis')).toBe(false);
  });
});
