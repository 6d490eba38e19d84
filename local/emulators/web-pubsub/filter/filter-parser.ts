import { FILTER_MAX_DEPTH } from '../base/limits.ts';
import { type ComparisonOperator, FilterError, type FilterExpression } from './filter-expression.ts';
import { FilterLexer, type FilterToken } from './filter-lexer.ts';

const COMPARISONS: ReadonlySet<string> = new Set(['eq', 'ne', 'gt', 'ge', 'lt', 'le']);

/**
 * Reads a filter. Operators bind in the order `not` and `in`, comparisons, `and`, `or`, each to the left; all names are
 * case-sensitive except those of identifiers, which are looked up later.
 * @throws FilterError also for an expression deeper than `FILTER_MAX_DEPTH`, however it is nested or chained
 */
export function parseFilter(text: string): FilterExpression {
  return new FilterParser(text).filter();
}

class FilterParser {
  readonly #lexer: FilterLexer;
  #current: FilterToken;
  #depth = 0;

  constructor(text: string) {
    this.#lexer = new FilterLexer(text);
    this.#current = this.#lexer.next();
  }

  filter(): FilterExpression {
    const expression = this.#or();
    if (this.#current.kind !== 'end') throw this.#error(`Syntax error at position ${this.#current.end}`);
    return expression;
  }

  #or(): FilterExpression {
    return this.#chain('or', () => this.#and());
  }

  #and(): FilterExpression {
    return this.#chain('and', () => this.#comparison());
  }

  #chain(operator: 'and' | 'or', operand: () => FilterExpression): FilterExpression {
    const outside = this.#depth;
    let left = operand();
    while (this.#takeWord(operator)) {
      // Each link puts the tree before it one level deeper.
      this.#deeper();
      left = { kind: 'binary', operator, left, right: operand() };
    }
    this.#depth = outside;
    return left;
  }

  #comparison(): FilterExpression {
    const outside = this.#depth;
    let left = this.#unary();
    for (let operator = this.#takeComparison(); operator !== undefined; operator = this.#takeComparison()) {
      this.#deeper();
      left = { kind: 'binary', operator, left, right: this.#unary() };
    }
    this.#depth = outside;
    return left;
  }

  #unary(): FilterExpression {
    if (!this.#takeWord('not')) return this.#membership();
    this.#deeper();
    const operand = this.#unary();
    this.#depth -= 1;
    return { kind: 'not', operand };
  }

  #membership(): FilterExpression {
    const left = this.#primary();
    if (!this.#takeWord('in')) return left;
    if (!this.#isSymbol('(')) return { kind: 'in', left, right: { list: false, of: this.#primary() } };
    const values = this.#list();
    const [only] = values;
    // A collection may stand in parentheses; a list of one value is a list.
    const isCollection = values.length === 1 && only?.kind === 'identifier';
    return { kind: 'in', left, right: isCollection ? { list: false, of: only } : { list: true, of: values } };
  }

  #primary(): FilterExpression {
    const token = this.#current;
    switch (token.kind) {
      case 'string':
      case 'integer':
        this.#advance();
        return { kind: 'literal', value: token.value };
      case 'identifier':
        this.#advance();
        if (token.text === 'true' || token.text === 'false')
          return { kind: 'literal', value: token.text === 'true' };
        if (token.text === 'null') return { kind: 'literal', value: null };
        if (this.#isSymbol('(')) return { kind: 'call', name: token.text, args: this.#list() };
        return { kind: 'identifier', name: token.text };
      case 'symbol':
        if (token.text === '(') return this.#parenthesized();
        break;
      case 'end':
        break;
    }
    throw this.#error(`Expression expected at position ${token.start}`);
  }

  #parenthesized(): FilterExpression {
    this.#advance();
    this.#deeper();
    const expression = this.#or();
    this.#depth -= 1;
    if (!this.#isSymbol(')'))
      throw this.#error(`')' or operator expected at position ${this.#current.start}`);
    this.#advance();
    return expression;
  }

  /** Expressions with commas between, in parentheses; possibly none. */
  #list(): FilterExpression[] {
    this.#advance();
    if (this.#isSymbol(')')) {
      this.#advance();
      return [];
    }
    this.#deeper();
    const items = [this.#or()];
    while (this.#isSymbol(',')) {
      this.#advance();
      items.push(this.#or());
    }
    this.#depth -= 1;
    if (!this.#isSymbol(')')) throw this.#error(`')' or ',' expected at position ${this.#current.start}`);
    this.#advance();
    return items;
  }

  #advance(): void {
    this.#current = this.#lexer.next();
  }

  #isSymbol(text: '(' | ')' | ','): boolean {
    return this.#current.kind === 'symbol' && this.#current.text === text;
  }

  #takeWord(word: string): boolean {
    if (this.#current.kind !== 'identifier' || this.#current.text !== word) return false;
    this.#advance();
    return true;
  }

  #takeComparison(): ComparisonOperator | undefined {
    const token = this.#current;
    if (token.kind !== 'identifier' || !COMPARISONS.has(token.text)) return undefined;
    this.#advance();
    return token.text as ComparisonOperator;
  }

  #deeper(): void {
    this.#depth += 1;
    if (this.#depth > FILTER_MAX_DEPTH)
      throw new FilterError(this.#lexer.text, 'Recursion depth exceeded allowed limit.');
  }

  #error(what: string): FilterError {
    return new FilterError(this.#lexer.text, `${what} in '${this.#lexer.text}'.`);
  }
}
