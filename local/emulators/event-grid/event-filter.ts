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

const advancedFilter = z.discriminatedUnion('operatorType', [
  z.object({ operatorType: z.literal('StringIn'), key, values: texts }),
  z.object({ operatorType: z.literal('StringNotIn'), key, values: texts }),
  z.object({ operatorType: z.literal('StringBeginsWith'), key, values: texts }),
  z.object({ operatorType: z.literal('StringNotBeginsWith'), key, values: texts }),
  z.object({ operatorType: z.literal('StringEndsWith'), key, values: texts }),
  z.object({ operatorType: z.literal('StringNotEndsWith'), key, values: texts }),
  z.object({ operatorType: z.literal('StringContains'), key, values: texts }),
  z.object({ operatorType: z.literal('StringNotContains'), key, values: texts }),
  z.object({ operatorType: z.literal('NumberIn'), key, values: numbers }),
  z.object({ operatorType: z.literal('NumberNotIn'), key, values: numbers }),
  z.object({ operatorType: z.literal('NumberInRange'), key, values: ranges }),
  z.object({ operatorType: z.literal('NumberNotInRange'), key, values: ranges }),
  z.object({ operatorType: z.literal('NumberLessThan'), key, value: z.number() }),
  z.object({ operatorType: z.literal('NumberLessThanOrEquals'), key, value: z.number() }),
  z.object({ operatorType: z.literal('NumberGreaterThan'), key, value: z.number() }),
  z.object({ operatorType: z.literal('NumberGreaterThanOrEquals'), key, value: z.number() }),
  z.object({ operatorType: z.literal('BoolEquals'), key, value: z.boolean() }),
  z.object({ operatorType: z.literal('IsNullOrUndefined'), key }),
  z.object({ operatorType: z.literal('IsNotNull'), key }),
]);

/** The `filter` of an event subscription, in the words of its ARM template. */
export const eventFilterSchema = z.strictObject({
  /** Absent: every type. */
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
export type AdvancedFilter = z.output<typeof advancedFilter>;

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

/** A key that is absent, or holds another type, matches only the negated operators. Strings are compared without case. */
function matches(filter: AdvancedFilter, value: unknown): boolean {
  const text = typeof value === 'string' ? value.toLowerCase() : undefined;
  const anyText = (values: readonly string[], test: (text: string, value: string) => boolean): boolean =>
    text !== undefined && values.some((candidate) => test(text, candidate.toLowerCase()));
  const number = typeof value === 'number' ? value : undefined;
  switch (filter.operatorType) {
    case 'StringIn':
      return anyText(filter.values, (a, b) => a === b);
    case 'StringNotIn':
      return !anyText(filter.values, (a, b) => a === b);
    case 'StringBeginsWith':
      return anyText(filter.values, (a, b) => a.startsWith(b));
    case 'StringNotBeginsWith':
      return !anyText(filter.values, (a, b) => a.startsWith(b));
    case 'StringEndsWith':
      return anyText(filter.values, (a, b) => a.endsWith(b));
    case 'StringNotEndsWith':
      return !anyText(filter.values, (a, b) => a.endsWith(b));
    case 'StringContains':
      return anyText(filter.values, (a, b) => a.includes(b));
    case 'StringNotContains':
      return !anyText(filter.values, (a, b) => a.includes(b));
    case 'NumberIn':
      return number !== undefined && filter.values.includes(number);
    case 'NumberNotIn':
      return number === undefined || !filter.values.includes(number);
    case 'NumberInRange':
      return number !== undefined && isInRange(number, filter.values);
    case 'NumberNotInRange':
      return number === undefined || !isInRange(number, filter.values);
    case 'NumberLessThan':
      return number !== undefined && number < filter.value;
    case 'NumberLessThanOrEquals':
      return number !== undefined && number <= filter.value;
    case 'NumberGreaterThan':
      return number !== undefined && number > filter.value;
    case 'NumberGreaterThanOrEquals':
      return number !== undefined && number >= filter.value;
    case 'BoolEquals':
      return value === filter.value;
    case 'IsNullOrUndefined':
      return value === undefined || value === null;
    case 'IsNotNull':
      return value !== undefined && value !== null;
  }
}

function isInRange(number: number, pairs: readonly (readonly [number, number])[]): boolean {
  return pairs.some(([least, most]) => number >= least && number <= most);
}

function isNegated({ operatorType }: AdvancedFilter): boolean {
  return operatorType.includes('Not') && operatorType !== 'IsNotNull';
}

/** Names are found in any casing: the documentation's own example asks for `data.to.PhoneNumber.Value` of `phoneNumber.value`. */
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
