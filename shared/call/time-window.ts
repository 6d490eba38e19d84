/** Days of the week as routes name them, in the order of ISO 8601. */
export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

type Weekday = (typeof WEEKDAYS)[number];

/**
 * A part of every day or of some days, in the local time of a place. `from` is included and `to` is not. If `to` is
 * not later than `from`, the window continues past midnight and belongs to the day on which it began.
 */
export interface TimeWindow {
  /** A name of the IANA time zone database, such as `Europe/Berlin`, or `UTC`. */
  readonly timeZone: string;
  /** Defaults to every day. */
  readonly days?: readonly Weekday[];
  /** Minutes since midnight. Defaults to the whole day. */
  readonly from?: number;
  readonly to?: number;
}

const DAY_MINUTES = 24 * 60;

/**
 * Whether a time (milliseconds since the epoch) lies in the window.
 * @throws RangeError for an unknown time zone
 */
export function isWithin(
  { timeZone, days = WEEKDAYS, from = 0, to = DAY_MINUTES }: TimeWindow,
  atMs: number,
): boolean {
  const { day, minute } = localTime(timeZone, atMs);
  const today = days.includes(nameOf(day));
  if (from < to) return today && minute >= from && minute < to;
  const yesterday = days.includes(nameOf(day + WEEKDAYS.length - 1));
  return (today && minute >= from) || (yesterday && minute < to);
}

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function nameOf(day: number): Weekday {
  return WEEKDAYS[day % WEEKDAYS.length] ?? 'mon';
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Creating a format is slow. There are as many as routes name time zones. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  formats.set(timeZone, made);
  return made;
}

function localTime(timeZone: string, atMs: number): { day: number; minute: number } {
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(atMs)
      .map(({ type, value }) => [type, value]),
  );
  const weekday = (parts.get('weekday') ?? '').toLowerCase();
  return {
    day: (WEEKDAYS as readonly string[]).indexOf(weekday),
    minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')),
  };
}
