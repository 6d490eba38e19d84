import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventGridEvent } from '../../../../local/emulators/event-grid/event.ts';
import { eventFilterSchema, NO_FILTER, passes } from '../../../../local/emulators/event-grid/event-filter.ts';

const EVENT: EventGridEvent = {
  id: 'event-1',
  topic: '/subscriptions/x',
  subject: '/caller/4:+14255550123/recipient/4:+14255550199',
  data: {
    to: { kind: 'phoneNumber', rawId: '4:+14255550199', phoneNumber: { value: '+14255550199' } },
    from: { kind: 'phoneNumber', rawId: '4:+14255550123', phoneNumber: { value: '+14255550123' } },
    callerDisplayName: null,
    tries: 3,
    urgent: true,
    languages: ['de', 'en'],
  },
  eventType: 'Microsoft.Communication.IncomingCall',
  dataVersion: '1.0',
  metadataVersion: '1',
  eventTime: '2026-01-02T03:04:05.6780000Z',
};

function lets(filter: object): boolean {
  return passes(eventFilterSchema.parse(filter), EVENT);
}

function matches(advanced: object, more: object = {}): boolean {
  return lets({ advancedFilters: [advanced], ...more });
}

describe('the filter of a subscription', () => {
  it('lets everything pass where it says nothing', () => {
    expect(passes(NO_FILTER, EVENT)).toBe(true);
  });

  it.each([
    [['Microsoft.Communication.IncomingCall'], true],
    [['microsoft.communication.incomingcall'], true],
    [['Microsoft.Communication.CallStarted'], false],
    [['Microsoft.Communication.CallStarted', 'Microsoft.Communication.IncomingCall'], true],
    [[], false],
  ])('of the types %j says %s', (includedEventTypes, expected) => {
    expect(lets({ includedEventTypes })).toBe(expected);
  });

  it.each([
    [{ subjectBeginsWith: '/CALLER/' }, true],
    [{ subjectBeginsWith: '/CALLER/', isSubjectCaseSensitive: true }, false],
    [{ subjectEndsWith: '5550199' }, true],
    [{ subjectEndsWith: '5550100' }, false],
    [{ subjectBeginsWith: '/caller/', subjectEndsWith: '0100' }, false],
  ])('of the subject %j says %s', (filter, expected) => {
    expect(lets(filter)).toBe(expected);
  });

  it.each<[string, string, unknown, boolean]>([
    ['StringIn', 'data.to.PhoneNumber.Value', ['+14255550199', '+1999'], true],
    ['StringIn', 'data.to.PhoneNumber.Value', ['+1999'], false],
    ['StringIn', 'data.to.rawId', ['4:+14255550199'], true],
    ['StringNotIn', 'data.to.rawId', ['4:+14255550199'], false],
    ['StringNotIn', 'data.nothing', ['x'], true],
    ['StringBeginsWith', 'data.to.PhoneNumber.Value', ['+44', '+1425'], true],
    ['StringBeginsWith', 'data.from.PhoneNumber.Value', ['+49'], false],
    ['StringBeginsWith', 'data.nothing', ['+'], false],
    ['StringNotBeginsWith', 'data.from.PhoneNumber.Value', ['+49'], true],
    ['StringEndsWith', 'subject', ['0199'], true],
    ['StringNotEndsWith', 'subject', ['0199'], false],
    ['StringContains', 'eventType', ['INCOMING'], true],
    ['StringNotContains', 'eventtype', ['Incoming'], false],
    ['StringContains', 'data.tries', ['3'], false],
    ['StringIn', 'type', ['Microsoft.Communication.IncomingCall'], true],
    ['StringIn', 'source', ['/subscriptions/x'], true],
    ['NumberIn', 'data.tries', [1, 3], true],
    ['NumberNotIn', 'data.tries', [1, 3], false],
    [
      'NumberInRange',
      'data.tries',
      [
        [5, 6],
        [1, 3],
      ],
      true,
    ],
    ['NumberNotInRange', 'data.tries', [[1, 3]], false],
    ['NumberNotInRange', 'data.nothing', [[1, 3]], true],
  ])('%s %s %j is %s', (operatorType, key, values, expected) => {
    expect(matches({ operatorType, key, values })).toBe(expected);
  });

  it.each<[string, string, unknown, boolean]>([
    ['NumberLessThan', 'data.tries', 3, false],
    ['NumberLessThanOrEquals', 'data.tries', 3, true],
    ['NumberGreaterThan', 'data.tries', 2, true],
    ['NumberGreaterThanOrEquals', 'data.tries', 4, false],
    ['NumberLessThan', 'data.urgent', 3, false],
    ['BoolEquals', 'data.urgent', true, true],
    ['BoolEquals', 'data.tries', true, false],
    ['IsNullOrUndefined', 'data.callerDisplayName', undefined, true],
    ['IsNullOrUndefined', 'data.tries', undefined, false],
    ['IsNotNull', 'data.tries', undefined, true],
    ['IsNotNull', 'data.to.nothing.more', undefined, false],
  ])('%s %s %j is %s', (operatorType, key, value, expected) => {
    expect(matches({ operatorType, key, value })).toBe(expected);
  });

  it('looks into arrays only where it is told to, and a negation then holds for all elements', () => {
    const german = { operatorType: 'StringIn', key: 'data.languages', values: ['de'] };
    expect(matches(german)).toBe(false);
    expect(matches(german, { enableAdvancedFilteringOnArrays: true })).toBe(true);
    const notGerman = { ...german, operatorType: 'StringNotIn' };
    expect(matches(notGerman, { enableAdvancedFilteringOnArrays: true })).toBe(false);
  });

  it('wants every advanced filter to match', () => {
    const yes = { operatorType: 'IsNotNull', key: 'data.tries' };
    const no = { operatorType: 'NumberIn', key: 'data.tries', values: [9] };
    expect(lets({ advancedFilters: [yes, yes] })).toBe(true);
    expect(lets({ advancedFilters: [yes, no] })).toBe(false);
  });

  it('says the opposite with a negated operator, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('In', 'BeginsWith', 'EndsWith', 'Contains'),
        fc.constantFrom('subject', 'data.tries', 'data.nothing', 'data.to.rawId'),
        fc.array(fc.string({ maxLength: 8 }), { minLength: 1, maxLength: 5 }),
        (operator, key, values) => {
          const plain = matches({ operatorType: `String${operator}`, key, values });
          expect(matches({ operatorType: `StringNot${operator}`, key, values })).toBe(!plain);
        },
      ),
    );
  });

  it.each([
    [
      'an operator that does not exist',
      { advancedFilters: [{ operatorType: 'Like', key: 'subject', values: ['x'] }] },
    ],
    [
      'a text of 513 characters',
      { advancedFilters: [{ operatorType: 'StringIn', key: 'id', values: ['x'.repeat(513)] }] },
    ],
    ['26 values', { advancedFilters: [{ operatorType: 'NumberIn', key: 'id', values: Array(26).fill(1) }] }],
    ['26 filters', { advancedFilters: Array(26).fill({ operatorType: 'IsNotNull', key: 'id' }) }],
    ['a member that does not exist', { subject: 'x' }],
  ])('refuses %s', (_, filter) => {
    expect(eventFilterSchema.safeParse(filter).success).toBe(false);
  });
});
