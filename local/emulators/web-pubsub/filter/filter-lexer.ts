import { FilterError } from './filter-expression.ts';

export type FilterToken = {
  /** Index of the first character. */
  readonly start: number;
  /** Index after the last character. */
  readonly end: number;
} & (
  | { readonly kind: 'identifier'; readonly text: string }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'symbol'; readonly text: '(' | ')' | ',' }
  | { readonly kind: 'end' }
);

const WHITE_SPACE = /\s/;
const IDENTIFIER = /[\p{L}\p{Nl}_$][\p{L}\p{Nd}\p{Nl}\p{Mn}\p{Mc}\p{Pc}\p{Cf}]*/uy;
const INTEGER = /[+-]?\d+/y;
const INT32_MAX = 2 ** 31 - 1;
const INT32_MIN = -(2 ** 31);

/** Splits a filter into tokens, one call at a time. */
export class FilterLexer {
  readonly text: string;
  #at = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** @throws FilterError */
  next(): FilterToken {
    while (this.#at < this.text.length && WHITE_SPACE.test(this.text.charAt(this.#at))) this.#at += 1;
    const start = this.#at;
    const character = this.text.charAt(start);
    if (character === '') return { kind: 'end', start, end: start };
    if (character === '(' || character === ')' || character === ',') {
      this.#at += 1;
      return { kind: 'symbol', text: character, start, end: this.#at };
    }
    if (character === "'") return this.#string(start);
    const word = this.#match(IDENTIFIER);
    if (word !== undefined) return { kind: 'identifier', text: word, start, end: this.#at };
    const digits = this.#match(INTEGER);
    if (digits !== undefined) return this.#integer(digits, start);
    throw this.#error(
      `Syntax error: character '${character}' is not valid at position ${start} in '${this.text}'.`,
    );
  }

  /** A quote in a string is written twice. */
  #string(start: number): FilterToken {
    let value = '';
    let from = start + 1;
    for (;;) {
      const quote = this.text.indexOf("'", from);
      if (quote === -1) {
        const end = this.text.length;
        throw this.#error(`There is an unterminated string literal at position ${end} in '${this.text}'.`);
      }
      value += this.text.slice(from, quote);
      if (this.text.charAt(quote + 1) !== "'") {
        this.#at = quote + 1;
        return { kind: 'string', value, start, end: this.#at };
      }
      value += "'";
      from = quote + 2;
    }
  }

  #integer(digits: string, start: number): FilterToken {
    const value = Number(digits);
    if (value > INT32_MAX || value < INT32_MIN) throw this.#error(`Token '${digits}' is not supported.`);
    return { kind: 'integer', value, start, end: this.#at };
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #error(detail: string): FilterError {
    return new FilterError(this.text, detail);
  }
}
