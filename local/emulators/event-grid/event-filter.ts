import * as z from 'zod';
import type { EventGridEvent } from './event.ts';

/** Bounds of the service (Event Grid, "Event filtering", "Limitations"). */
const MAX_ADVANCED_FILTERS = 25;
const MAX_VALUES = 25;
const MAX_TEXT = 512;

const key = z.string().min(1);
const texts = z.array(z.string().max(MAX_TEXT)).min(1);
const numbers = z.array(z.number()).min(1);
const ranges = z.array(z.tuple([z.number(), z.number()])).min(1);

/** The operators on two texts in lower case, without `String` and `Not`, and those on the order of numbers. */
const TEXT_TESTS = {
  In: (text: string, value: string) => text === value,
  BeginsWith: (text: string, value: string) => text.startsWith(value),
  EndsWith: (text: string, value: string) => text.endsWith(value),
  Contains: (text: string, value: string) => text.includes(value),
};
const ORDERS = {
  NumberLessThan: (number: number, value: number) => number < value,
  NumberLessThanOrEquals: (number: number, value: number) => number <= value,
  NumberGreaterThan: (number: number, value: number) => number > value,
  NumberGreaterThanOrEquals: (number: number, value: number) => number >= value,
};
const TEXT_OPERATORS = [
  'StringIn',
  'StringNotIn',
  'StringBeginsWith',
  'StringNotBeginsWith',
  'StringEndsWith',
  'StringNotEndsWith',
  'StringContains',
  'StringNotContains',
] as const;
const ORDER_OPERATORS = Object.keys(ORDERS) as (keyof typeof ORDERS)[];

const advancedFilter = z.discriminatedUnion('operatorType', [
  z.object({ operatorType: z.enum(TEXT_OPERATORS), key, values: texts }),
  z.object({ operatorType: z.enum(['NumberIn', 'NumberNotIn']), key, values: numbers }),
  z.object({ operatorType: z.enum(['NumberInRange', 'NumberNotInRange']), key, values: ranges }),
  z.object({ operatorType: z.enum(ORDER_OPERATORS), key, value: z.number() }),
  z.object({ operatorType: z.literal('BoolEquals'), key, value: z.boolean() }),
  z.object({ operatorType: z.enum(['IsNullOrUndefined', 'IsNotNull']), key }),
]);

/** The `filter` of an event subscription, in the words of its ARM template. */
export const eventFilterSchema = z.strictObject({
  /** Defaults to every type. */
  includedEventTypes: z.array(z.string()).optional(),
  subjectBeginsWith: z.string().default(''),
  subjectEndsWith: z.string().default(''),
  isSubjectCaseSensitive: z.boolean().default(false),
  /** All of them must match; of the values of one, any. */
  advancedFilters: z
    .array(advancedFilter)
    .max(MAX_ADVANCED_FILTERS)
    .refine(
      (filters) => filters.reduce((sum, filter) => sum + countValues(filter), 0) <= MAX_VALUES,
      `at most ${MAX_VALUES} values in all filters together`,
    )
    .default([]),
  /** Whether a filter looks at each element where the key holds an array; else it does not match. */
  enableAdvancedFilteringOnArrays: z.boolean().default(false),
});

export type EventFilter = z.output<typeof eventFilterSchema>;
type AdvancedFilter = z.output<typeof advancedFilter>;

/** Lets everything pass. */
export const NO_FILTER: EventFilter = eventFilterSchema.parse({});

/** Whether a subscription with this filter wants the event (Event Grid, "Event filtering"). */
export function passes(filter: EventFilter, event: EventGridEvent): boolean {
  const { includedEventTypes, subjectBeginsWith, subjectEndsWith, isSubjectCaseSensitive } = filter;
  const types = includedEventTypes?.map((type) => type.toLowerCase());
  if (types !== undefined && !types.includes(event.eventType.toLowerCase())) return false;
  const fold = (text: string): string => (isSubjectCaseSensitive ? text : text.toLowerCase());
  const subject = fold(event.subject);
  if (!subject.startsWith(fold(subjectBeginsWith)) || !subject.endsWith(fold(subjectEndsWith))) return false;
  return filter.advancedFilters.every((advanced) =>
    passesAdvanced(advanced, event, filter.enableAdvancedFilteringOnArrays),
  );
}

function passesAdvanced(filter: AdvancedFilter, event: EventGridEvent, arrays: boolean): boolean {
  const value = lookUp(event, filter.key);
  if (!Array.isArray(value)) return matches(filter, value);
  if (!arrays) return filter.operatorType === 'IsNotNull';
  // A negated operator holds only where it holds for every element.
  return isNegated(filter)
    ? value.every((element) => matches(filter, element))
    : value.some((element) => matches(filter, element));
}

/** A missing key, or a value of another type, matches only the negated operators. Texts are compared without case. */
function matches(filter: AdvancedFilter, value: unknown): boolean {
  return isNegated(filter) ? !holds(filter, value) : holds(filter, value);
}

/** What the filter says, or, for a negated operator, what it negates. */
function holds(filter: AdvancedFilter, value: unknown): boolean {
  switch (filter.operatorType) {
    case 'NumberIn':
    case 'NumberNotIn':
      return typeof value === 'number' && filter.values.includes(value);
    case 'NumberInRange':
    case 'NumberNotInRange':
      return (
        typeof value === 'number' && filter.values.some(([least, most]) => value >= least && value <= most)
      );
    case 'NumberLessThan':
    case 'NumberLessThanOrEquals':
    case 'NumberGreaterThan':
    case 'NumberGreaterThanOrEquals':
      return typeof value === 'number' && ORDERS[filter.operatorType](value, filter.value);
    case 'BoolEquals':
      return value === filter.value;
    case 'IsNullOrUndefined':
      return value === undefined || value === null;
    case 'IsNotNull':
      return value !== undefined && value !== null;
    default: {
      const test = TEXT_TESTS[filter.operatorType.replace(/^String(Not)?/, '') as keyof typeof TEXT_TESTS];
      if (typeof value !== 'string') return false;
      return filter.values.some((candidate) => test(value.toLowerCase(), candidate.toLowerCase()));
    }
  }
}

function isNegated({ operatorType }: AdvancedFilter): boolean {
  return operatorType.includes('Not') && operatorType !== 'IsNotNull';
}

/** In any casing: an example of the documentation asks for `data.to.PhoneNumber.Value` of `phoneNumber.value`. */
function lookUp(event: EventGridEvent, path: string): unknown {
  return path.split('.').reduce((value: unknown, name) => {
    if (typeof value !== 'object' || value === null) return undefined;
    return Object.entries(value).find(([member]) => member.toLowerCase() === name.toLowerCase())?.[1];
  }, asFilterSees(event));
}

/** The keys of both schemas, whatever the subscription's own is. */
function asFilterSees(event: EventGridEvent): Record<string, unknown> {
  return { ...event, source: event.topic, type: event.eventType };
}

function countValues(filter: AdvancedFilter): number {
  return 'values' in filter ? filter.values.length : 'value' in filter ? 1 : 0;
}
