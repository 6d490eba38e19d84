const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SEARCH_DAYS = 41 * 366;

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const MONTHS = 'january february march april may june july august september october november december';
const WEEKDAYS = 'sunday monday tuesday wednesday thursday friday saturday';

const FIELDS: readonly Field[] = [
  { name: 'second', min: 0, max: 59 },
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: MONTHS.split(' ') },
  { name: 'day of the week', min: 0, max: 6, names: WEEKDAYS.split(' ') },
];

/**
 * Schedules of timer triggers: `{second} {minute} {hour} {day} {month} {day-of-week}` in UTC, or five fields without
 * the second.
 *
 * A field is a list, separated by commas, of `*`, values, ranges `a-b`, and steps `x/n`; `5/15` counts from 5 to the
 * field's end. Months and days of the week may be named (`Jan`, `Monday`; Sunday is 0). Unlike in Unix cron, **both**
 * the day and the day of the week must fit. Rules: the NCrontab library, which the Functions host uses.
 */
export class NcrontabSchedule {
  readonly text: string;
  readonly #fields: readonly (readonly number[])[];

  /** @throws Error with one sentence that quotes the schedule and names the wrong field, or says that it never comes */
  constructor(text: string) {
    this.text = text;
    const given = text.split(/\s+/).filter((part) => part !== '');
    const texts = given.length === 5 ? ['0', ...given] : given;
    if (texts.length !== FIELDS.length) {
      const names = FIELDS.map(({ name }) => name).join(', ');
      throw new Error(`the schedule "${text}" has ${given.length} fields; it needs six: ${names}`);
    }
    try {
      this.#fields = FIELDS.map((field, index) => valuesOf(field, texts[index] ?? ''));
    } catch (error) {
      throw new Error(`the schedule "${text}": ${error instanceof Error ? error.message : String(error)}`);
    }
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
    const [seconds = [], minutes = [], hours = [], days, months, weekdays] = this.#fields;
    const startMs = Math.floor(afterMs / SECOND_MS) * SECOND_MS + SECOND_MS;
    const firstDayMs = Math.floor(startMs / DAY_MS) * DAY_MS;
    for (let dayMs = firstDayMs; dayMs < firstDayMs + SEARCH_DAYS * DAY_MS; dayMs += DAY_MS) {
      const date = new Date(dayMs);
      if (!months?.includes(date.getUTCMonth() + 1)) continue;
      if (!days?.includes(date.getUTCDate()) || !weekdays?.includes(date.getUTCDay())) continue;
      for (const hour of hours) {
        const hourMs = dayMs + hour * HOUR_MS;
        if (hourMs + HOUR_MS <= startMs) continue;
        for (const minute of minutes) {
          for (const second of seconds) {
            const ms = hourMs + (minute * 60 + second) * SECOND_MS;
            if (ms >= startMs) return ms;
          }
        }
      }
    }
    return undefined;
  }
}

/** What a field's text allows, in order. */
function valuesOf(field: Field, text: string): number[] {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [span = '', step = '1', ...steps] = part.split('/');
    const [from = '', to, ...ends] = span.split('-');
    if (steps.length + ends.length > 0) throw new Error(`"${part}" in the ${field.name} is no range`);
    const every = wholeNumber(field, step);
    if (every < 1) throw new Error(`the step in "${part}" in the ${field.name} must be at least 1`);
    const isAll = span === '*';
    const low = isAll ? field.min : numberOf(field, from);
    const high = isAll || (to === undefined && every > 1) ? field.max : numberOf(field, to ?? from);
    for (let value = Math.min(low, high); value <= Math.max(low, high); value += every) values.add(value);
  }
  return [...values].sort((left, right) => left - right);
}

function numberOf(field: Field, text: string): number {
  if (field.names !== undefined && /^[a-z]{3,}$/i.test(text)) {
    const at = field.names.findIndex((name) => name.startsWith(text.toLowerCase()));
    if (at < 0) throw new Error(`"${text}" is no ${field.name}`);
    return at + field.min;
  }
  const value = wholeNumber(field, text);
  if (value >= field.min && value <= field.max) return value;
  throw new Error(`${value} is outside the ${field.name}'s ${field.min} to ${field.max}`);
}

function wholeNumber(field: Field, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`"${text}" in the ${field.name} is no number`);
  return Number(text);
}
