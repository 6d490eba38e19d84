import type { FilterSubject } from '../hub/commands.ts';
import { FilterError, type FilterExpression, printExpression } from './filter-expression.ts';
import { bool, FILTER_FUNCTIONS, type FilterValue, int, NULL, Operands, text } from './filter-functions.ts';
import { parseFilter } from './filter-parser.ts';

const ORDERS = {
  gt: (a: number, b: number) => a > b,
  ge: (a: number, b: number) => a >= b,
  lt: (a: number, b: number) => a < b,
  le: (a: number, b: number) => a <= b,
};

type Of<K extends FilterExpression['kind']> = Extract<FilterExpression, { kind: K }>;

/**
 * What a filter says of one connection. Both operands of `and` and `or` are always evaluated, so that a filter that is
 * wrong for any connection is wrong for all.
 * @throws FilterError when an operand has a type that its operator cannot take, or a name is unknown
 */
export function matchesFilter(expression: FilterExpression, subject: FilterSubject): boolean {
  return new Operands(expression).bool(evaluate(expression, subject, expression));
}

/** @param within the innermost operator or function around the expression, which errors quote */
function evaluate(
  expression: FilterExpression,
  subject: FilterSubject,
  within: FilterExpression,
): FilterValue {
  switch (expression.kind) {
    case 'literal':
      return literal(expression);
    case 'identifier':
      return property(expression, subject, within);
    case 'call':
      return call(expression, subject);
    case 'not': {
      const operand = evaluate(expression.operand, subject, within);
      return bool(!new Operands(expression).bool(operand));
    }
    case 'binary':
      return binary(expression, subject);
    case 'in':
      return bool(isIn(expression, subject));
  }
}

function literal({ value }: Of<'literal'>): FilterValue {
  switch (typeof value) {
    case 'string':
      return text(value);
    case 'number':
      return int(value);
    case 'boolean':
      return bool(value);
    default:
      return NULL;
  }
}

function property({ name }: Of<'identifier'>, subject: FilterSubject, within: FilterExpression): FilterValue {
  switch (name.toLowerCase()) {
    case 'userid':
      return text(subject.userId ?? null);
    case 'connectionid':
      return text(subject.connectionId);
    case 'protocol':
      return text(subject.protocol ?? null);
    case 'groups':
      return { type: 'collection', value: subject.groups };
    default:
      throw new FilterError(printExpression(within), `Token '${name}' is not supported.`);
  }
}

function call(expression: Of<'call'>, subject: FilterSubject): FilterValue {
  const known = FILTER_FUNCTIONS.get(expression.name);
  if (known === undefined) throw unusable(expression, (token) => `Token '${token}' is not supported.`);
  if (!known.arities.includes(expression.args.length))
    throw unusable(expression, (token) => `Invalid token '${token}'.`);
  const args = expression.args.map((argument) => evaluate(argument, subject, expression));
  return known.run(args, new Operands(expression));
}

function unusable(expression: FilterExpression, detail: (token: string) => string): FilterError {
  const token = printExpression(expression);
  return new FilterError(token, detail(token));
}

function binary(expression: Of<'binary'>, subject: FilterSubject): FilterValue {
  const left = evaluate(expression.left, subject, expression);
  const right = evaluate(expression.right, subject, expression);
  switch (expression.operator) {
    case 'and':
    case 'or': {
      const operands = new Operands(expression);
      const [a, b] = [operands.bool(left), operands.bool(right)];
      return bool(expression.operator === 'and' ? a && b : a || b);
    }
    case 'eq':
      return bool(plain(left) === plain(right));
    case 'ne':
      return bool(plain(left) !== plain(right));
    default: {
      // Only integers have an order. Null, as the length of a missing text is, is in no order to anything.
      if (left.type === 'null' || right.type === 'null') return bool(false);
      const operands = new Operands(expression);
      return bool(ORDERS[expression.operator](operands.int(left), operands.int(right)));
    }
  }
}

function isIn(expression: Of<'in'>, subject: FilterSubject): boolean {
  const left = plain(evaluate(expression.left, subject, expression));
  const { right } = expression;
  if (right.list) return right.of.map((item) => plain(evaluate(item, subject, expression))).includes(left);
  const members = new Operands(expression).collection(evaluate(right.of, subject, expression));
  return typeof left === 'string' && members.has(left);
}

/** What equality looks at: a missing text equals null, values of different types differ. */
function plain(value: FilterValue): string | number | boolean | null | ReadonlySet<string> {
  return value.type === 'null' ? null : value.value;
}

/** A connection about which nothing is known: a filter must make sense for it, too. */
const NOBODY: FilterSubject = Object.freeze({
  connectionId: '',
  userId: undefined,
  groups: new Set<string>(),
  protocol: undefined,
});

/**
 * Reads a `filter` as the REST interface takes it, the OData subset of
 * https://learn.microsoft.com/azure/azure-web-pubsub/reference-odata-filter.
 * @returns whether the filter chooses a connection; it throws FilterError when the filter makes no sense for that
 *   connection
 * @throws FilterError
 */
export function connectionFilter(text: string): (subject: FilterSubject) => boolean {
  const expression = parseFilter(text);
  matchesFilter(expression, NOBODY);
  return (subject) => matchesFilter(expression, subject);
}
