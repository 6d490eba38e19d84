/**
 * Schedules of timer triggers: `{second} {minute} {hour} {day} {month} {day-of-week}` in UTC, or five fields without the second.
 *
 * A field is a list, separated by commas, of `*`, values, ranges `a-b`, and steps `x/n`; `5/15` counts from 5 to the field's
 * end. Months and days of the week may be named (`Jan`, `Monday`; Sunday is 0). Unlike in Unix cron, **both** the day and the
 * day of the week must fit. Rules: the NCrontab library, which the Functions host uses.
 */
export class NcrontabSchedule {
  readonly text: string;
  readonly #fields: readonly ReadonlySet<number>[];

  /** @throws one sentence that quotes the schedule and names the field that is wrong, or says that it never comes */
  constructor(text: string) {
    this.text = text;
    const given = text.trim().split(/\s+/);
    const texts = given.length === 5 ? ['0', ...given] : given;
    if (texts.length !== FIELDS.length) {
      throw new Error(
        `the schedule "${text}" has ${given[0] === '' ? 0 : given.length} fields; it needs six: second, minute, hour, day, month, day of the week`,
      );
    }
    this.#fields = FIELDS.map((field, index) => {
      try {
        return parseField(field, texts[index] ?? '');
      } catch (error) {
        throw new Error(`the schedule "${text}": ${error instanceof Error ? error.message : String(error)}`);
      }
    });
    // The 40 years that follow hold every combination of leap day and day of the week, whatever today is.
    if (this.#find(Date.UTC(2056, 0, 1)) === undefined) throw new Error(`the schedule "${text}" never comes`);
  }

  /** The first occurrence later than `after`; milliseconds are 0. */
  next(after: Date): Date {
    const found = this.#find(after.getTime());
    if (found === undefined) throw new Error(`the schedule "${this.text}" does not come again`);
    return new Date(found);
  }

  #find(afterMs: number): number | undefined {
    const [seconds, minutes, hours, days, months, weekdays] = this.#fields;
    const start = Math.floor(afterMs / SECOND_MS) * SECOND_MS + SECOND_MS;
    const firstDay = Math.floor(start / DAY_MS) * DAY_MS;
    for (let day = firstDay; day < firstDay + SEARCH_DAYS * DAY_MS; day += DAY_MS) {
      const date = new Date(day);
      if (!months?.has(date.getUTCMonth() + 1)) continue;
      if (!days?.has(date.getUTCDate()) || !weekdays?.has(date.getUTCDay())) continue;
      const time = firstTime(Math.max(0, start - day), hours, minutes, seconds);
      if (time !== undefined) return day + time;
    }
    return undefined;
  }
}

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;
const SEARCH_DAYS = 41 * 366;

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const FIELDS: readonly Field[] = [
  { name: 'second', min: 0, max: 59 },
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day', min: 1, max: 31 },
  {
    name: 'month',
    min: 1,
    max: 12,
    names: [
      'january',
      'february',
      'march',
      'april',
      'may',
      'june',
      'july',
      'august',
      'september',
      'october',
      'november',
      'december',
    ],
  },
  {
    name: 'day of the week',
    min: 0,
    max: 6,
    names: ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'],
  },
];

/** The first time of day, in milliseconds, that is not before `from`. */
function firstTime(
  from: number,
  hours: ReadonlySet<number> = new Set(),
  minutes: ReadonlySet<number> = new Set(),
  seconds: ReadonlySet<number> = new Set(),
): number | undefined {
  for (const hour of inOrder(hours)) {
    if ((hour + 1) * 3_600_000 <= from) continue;
    for (const minute of inOrder(minutes)) {
      if (hour * 3_600_000 + (minute + 1) * 60_000 <= from) continue;
      for (const second of inOrder(seconds)) {
        const time = hour * 3_600_000 + minute * 60_000 + second * SECOND_MS;
        if (time >= from) return time;
      }
    }
  }
  return undefined;
}

function inOrder(values: ReadonlySet<number>): number[] {
  return [...values].sort((left, right) => left - right);
}

function parseField(field: Field, text: string): ReadonlySet<number> {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [span = '', step, ...more] = part.split('/');
    if (more.length > 0) throw new Error(`"${part}" in the ${field.name} has two steps`);
    const every = step === undefined ? 1 : wholeNumber(field, step);
    if (every < 1) throw new Error(`the step in "${part}" in the ${field.name} must be at least 1`);
    const [low, high] = parseSpan(field, span, step !== undefined && every > 1);
    for (let value = low; value <= high; value += every) values.add(value);
  }
  return values;
}

function parseSpan(field: Field, text: string, hasStep: boolean): [number, number] {
  if (text === '*') return [field.min, field.max];
  const [from = '', to, ...more] = text.split('-');
  if (more.length > 0) throw new Error(`"${text}" in the ${field.name} is no range`);
  const low = parseValue(field, from);
  if (to === undefined) return [low, hasStep ? field.max : low];
  const high = parseValue(field, to);
  return low <= high ? [low, high] : [high, low];
}

function parseValue(field: Field, text: string): number {
  if (field.names !== undefined && /^[a-z]{3,}$/i.test(text)) {
    const at = field.names.findIndex((name) => name.startsWith(text.toLowerCase()));
    if (at < 0) throw new Error(`"${text}" is no ${field.name}`);
    return at + field.min;
  }
  const value = wholeNumber(field, text);
  if (value < field.min || value > field.max) {
    throw new Error(`${value} is outside the ${field.name}'s ${field.min} to ${field.max}`);
  }
  return value;
}

function wholeNumber(field: Field, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`"${text}" in the ${field.name} is no number`);
  return Number(text);
}
