import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { connectionFilter } from '../../../../../local/emulators/web-pubsub/filter/filter-evaluator.ts';
import {
  FilterError,
  type FilterExpression,
  printExpression,
} from '../../../../../local/emulators/web-pubsub/filter/filter-expression.ts';
import { parseFilter } from '../../../../../local/emulators/web-pubsub/filter/filter-parser.ts';
import type { FilterSubject } from '../../../../../local/emulators/web-pubsub/hub/commands.ts';

function subject(
  userId: string | undefined,
  groups: readonly string[] = [],
  protocol?: string,
): FilterSubject {
  return { connectionId: 'c1', userId, groups: new Set(groups), protocol };
}

function messageOf(filter: string, of = subject('u')): string {
  try {
    connectionFilter(filter)(of);
  } catch (error) {
    if (error instanceof FilterError) return error.message;
    throw error;
  }
  return 'no error';
}

describe('a filter of the documentation', () => {
  it.each<[string, FilterSubject, boolean]>([
    ["userId eq 'user1'", subject('user1'), true],
    ["userId eq 'USER1'", subject('user1'), false],
    ["USERID eq 'user1' and ConnectionId eq 'c1'", subject('user1'), true],
    ['userId eq null', subject(undefined), true],
    ['userId ne null', subject('u'), true],
    ["userId ne 'user1'", subject(undefined), true],
    ["'group1' in groups", subject('u', ['group1']), true],
    ["'GROUP1' in groups", subject('u', ['group1']), false],
    ["'group1' in (groups)", subject('u', ['group1']), true],
    ["userId in ('user1', 'user2')", subject('user2'), true],
    ["userId in ('user1')", subject('user2'), false],
    ["userId in ('user1', null)", subject(undefined), true],
    ['length(userId) le 10 and length(userId) gt 3', subject('four'), true],
    ['length(userId) gt 10 or length(userId) le 3', subject('four'), false],
    ["not endswith(userId, 'milk')", subject('oatmilk'), false],
    ["not ('group1' in groups)", subject('u', ['group1']), false],
    ["not 'group1' in groups", subject('u', ['group1']), false],
    ["tolower(userId) eq 'user1'", subject('USER1'), true],
    ["toupper(userId) eq 'USER1'", subject('user1'), true],
    ["trim(userId) eq 'user1'", subject(' user1 '), true],
    ["substring(userId,5,2) eq 'ab'", subject('user-ab-de'), true],
    ["substring(userId,5) eq 'ab-de'", subject('user-ab-de'), true],
    ['substring(userId,50) eq null', subject('user-ab-de'), true],
    ["endswith(userId,'de')", subject('user-ab-de'), true],
    ["startswith(userId,'user')", subject('user-ab-de'), true],
    ["contains(userId,'-ab-')", subject('user-ab-de'), true],
    ["indexof(userId,'-ab-') ge 0", subject('user-ab-de'), true],
    ["indexof(userId,'x') eq -1", subject('user-ab-de'), true],
    ["concat(userId,'x') eq 'ux'", subject('u'), true],
    ["concat(concat(userId,null),'x') eq 'x'", subject(undefined), true],
    ['length(groups) gt 1', subject('u', ['a', 'b']), true],
    ["userId eq 'user''1'", subject("user'1"), true],
    ["'group1' in groups or 'group2' in groups or 'group3' in groups", subject('u', ['group3']), true],
    ["userId eq 'user1' and (not ('group1' in groups))", subject('user1', ['group2']), true],
    [
      'length(userId) gt 0 and length(userId) lt 3 or length(userId) gt 7 and length(userId) lt 10',
      subject('u'),
      true,
    ],
    ["protocol eq 'json.webpubsub.azure.v1'", subject('u', [], 'json.webpubsub.azure.v1'), true],
    ['protocol eq null', subject('u'), true],
    ['true', subject('u'), true],
    ['not true or  ( false )', subject('u'), false],
    ['length(userId) gt 0', subject(undefined), false],
    ["contains(userId,'x')", subject(undefined), false],
  ])('%s', (filter, of, chosen) => {
    expect(connectionFilter(filter)(of)).toBe(chosen);
  });

  it('compares integers up to 32 bits, with either sign', () => {
    expect(connectionFilter('indexof(userId,null) lt +2147483647')(subject('u'))).toBe(true);
    expect(messageOf('length(userId) lt 2147483648')).toContain("Token '2147483648' is not supported.");
  });
});

describe('a filter that is wrong', () => {
  it.each([
    [
      'invalid filter',
      "Invalid syntax for 'invalid filter': Syntax error at position 14 in 'invalid filter'. (Parameter 'filter')",
    ],
    [
      'not length(userId) gt 5',
      "Invalid syntax for 'not length(userId)': Type 'null', expect 'bool'. (Parameter 'filter')",
    ],
    ['5', "Invalid syntax for '5': Type 'int', expect 'bool'. (Parameter 'filter')"],
    ['userId gt 5', "Invalid syntax for 'userId gt 5': Type 'string', expect 'int'. (Parameter 'filter')"],
    ['true and 1', "Invalid syntax for 'true and 1': Type 'int', expect 'bool'. (Parameter 'filter')"],
    ['foo eq 1', "Invalid syntax for 'foo eq 1': Token 'foo' is not supported. (Parameter 'filter')"],
    [
      'foo(userId) eq 1',
      "Invalid syntax for 'foo(userId)': Token 'foo(userId)' is not supported. (Parameter 'filter')",
    ],
    ['length() eq 1', "Invalid syntax for 'length()': Invalid token 'length()'. (Parameter 'filter')"],
    [
      "'a' in userId",
      "Invalid syntax for ''a' in userId': Type 'string', expect 'collection'. (Parameter 'filter')",
    ],
    [
      '(not (true and 1)) or true',
      "Invalid syntax for 'true and 1': Type 'int', expect 'bool'. (Parameter 'filter')",
    ],
    [
      "userId eq 'a",
      "Invalid syntax for 'userId eq 'a': There is an unterminated string literal at position 12 in 'userId eq 'a'. (Parameter 'filter')",
    ],
    [
      'userId # 1',
      "Invalid syntax for 'userId # 1': Syntax error: character '#' is not valid at position 7 in 'userId # 1'. (Parameter 'filter')",
    ],
    [
      'userId eq',
      "Invalid syntax for 'userId eq': Expression expected at position 9 in 'userId eq'. (Parameter 'filter')",
    ],
    [' ', "Invalid syntax for ' ': Expression expected at position 1 in ' '. (Parameter 'filter')"],
    [
      '(true',
      "Invalid syntax for '(true': ')' or operator expected at position 5 in '(true'. (Parameter 'filter')",
    ],
    [
      'length(userId eq 1',
      "Invalid syntax for 'length(userId eq 1': ')' or ',' expected at position 18 in 'length(userId eq 1'. (Parameter 'filter')",
    ],
    [
      "userId EQ 'a'",
      "Invalid syntax for 'userId EQ 'a'': Syntax error at position 9 in 'userId EQ 'a''. (Parameter 'filter')",
    ],
  ])('%s', (filter, message) => {
    expect(messageOf(filter)).toBe(message);
  });

  it('is found whichever connection it meets first: operands are checked even where their value does not matter', () => {
    expect(messageOf('true or 1')).toContain("expect 'bool'");
    expect(messageOf('false and length(5) eq 1')).toContain("Type 'int', expect 'string'");
  });

  it('may be found only when it meets a connection that has a value', () => {
    const filter = connectionFilter("tolower(length(userId)) eq 'a'");
    expect(filter(subject(undefined))).toBe(false);
    expect(() => filter(subject('u'))).toThrow(FilterError);
  });

  it.each([
    ['parentheses', `${'('.repeat(101)}true${')'.repeat(101)}`],
    ['not', `${'not '.repeat(101)}true`],
    ['functions', `${'trim('.repeat(101)}userId${')'.repeat(101)} eq 'a'`],
    ['a chain of clauses', Array.from({ length: 102 }, () => 'true').join(' or ')],
    ['a chain of comparisons', Array.from({ length: 102 }, () => 'true').join(' eq ')],
  ])('has more levels than 100: %s', (_what, filter) => {
    expect(messageOf(filter)).toContain('Recursion depth exceeded allowed limit.');
  });

  it('has as many levels as may be when it has 100', () => {
    expect(messageOf(`${'('.repeat(100)}true${')'.repeat(100)}`)).toBe('no error');
    expect(messageOf(Array.from({ length: 101 }, () => 'true').join(' or '))).toBe('no error');
  });
});

describe('any filter', () => {
  const texts = fc.constantFrom('a', 'b', "o'c", '');
  const { condition } = fc.letrec<{ condition: FilterExpression }>((tie) => ({
    condition: fc.oneof(
      { depthSize: 'small' },
      fc.boolean().map((value): FilterExpression => ({ kind: 'literal', value })),
      texts.map(
        (value): FilterExpression => ({
          kind: 'binary',
          operator: 'eq',
          left: { kind: 'identifier', name: 'userId' },
          right: { kind: 'literal', value },
        }),
      ),
      texts.map(
        (value): FilterExpression => ({
          kind: 'in',
          left: { kind: 'literal', value },
          right: { list: false, of: { kind: 'identifier', name: 'groups' } },
        }),
      ),
      tie('condition').map((operand): FilterExpression => ({ kind: 'not', operand })),
      fc
        .record({
          operator: fc.constantFrom('and' as const, 'or' as const),
          left: tie('condition'),
          right: tie('condition'),
        })
        .map((parts): FilterExpression => ({ kind: 'binary', ...parts })),
    ),
  }));

  /** The same condition, decided by JavaScript. */
  function decide(expression: FilterExpression, of: FilterSubject): boolean {
    switch (expression.kind) {
      case 'literal':
        return expression.value === true;
      case 'not':
        return !decide(expression.operand, of);
      case 'in':
        return expression.left.kind === 'literal' && of.groups.has(String(expression.left.value));
      case 'binary': {
        const { operator, left, right } = expression;
        if (operator === 'and') return decide(left, of) && decide(right, of);
        if (operator === 'or') return decide(left, of) || decide(right, of);
        return right.kind === 'literal' && (of.userId ?? null) === right.value;
      }
      default:
        throw new Error(`the test makes no ${expression.kind}`);
    }
  }

  it('chooses as its tree says, however it is written down', () => {
    fc.assert(
      fc.property(
        condition,
        fc.option(texts, { nil: undefined }),
        fc.array(texts),
        (expression, userId, groups) => {
          const text = printExpression(expression).replaceAll("'o'c'", "'o''c'");
          const of = subject(userId, groups);
          expect(connectionFilter(text)(of), text).toBe(decide(expression, of));
          expect(parseFilter(text)).toEqual(expression);
        },
      ),
    );
  });

  it('is read or refused with a FilterError, whatever its text', () => {
    const words = [
      'userId',
      'groups',
      'not',
      'and',
      'or',
      'eq',
      'in',
      '(',
      ')',
      ',',
      "'a'",
      "'",
      '1',
      'null',
      'true',
      ' ',
    ];
    const text = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...words), { maxLength: 12 }).map((all) => all.join(' ')),
    );
    fc.assert(
      fc.property(text, (filter) => {
        expect(['boolean', 'string']).toContain(typeof messageOf(filter));
      }),
      { numRuns: 500 },
    );
  });
});
