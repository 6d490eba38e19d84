import { FilterError, type FilterExpression, printExpression } from './filter-expression.ts';

/** A value while a filter is evaluated. A missing text (`userId` of a client without one) is still a text. */
export type FilterValue =
  | { readonly type: 'null' }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'int'; readonly value: number }
  | { readonly type: 'string'; readonly value: string | null }
  | { readonly type: 'collection'; readonly value: ReadonlySet<string> };

export const NULL: FilterValue = Object.freeze({ type: 'null' });

export function bool(value: boolean): FilterValue {
  return { type: 'bool', value };
}

export function int(value: number): FilterValue {
  return { type: 'int', value };
}

export function text(value: string | null): FilterValue {
  return { type: 'string', value };
}

/** What the values of an expression must be; an error shows the expression. */
export class Operands {
  readonly #expression: FilterExpression;

  constructor(expression: FilterExpression) {
    this.#expression = expression;
  }

  /** @throws FilterError */
  bool(value: FilterValue): boolean {
    return value.type === 'bool' ? value.value : this.#mismatch(value, 'bool');
  }

  /** @throws FilterError */
  int(value: FilterValue): number {
    return value.type === 'int' ? value.value : this.#mismatch(value, 'int');
  }

  /** @throws FilterError @returns null for a text that is missing, and for null itself */
  string(value: FilterValue): string | null {
    if (value.type === 'null') return null;
    return value.type === 'string' ? value.value : this.#mismatch(value, 'string');
  }

  /** @throws FilterError */
  collection(value: FilterValue): ReadonlySet<string> {
    return value.type === 'collection' ? value.value : this.#mismatch(value, 'collection');
  }

  #mismatch(value: FilterValue, expected: FilterValue['type']): never {
    throw new FilterError(printExpression(this.#expression), `Type '${value.type}', expect '${expected}'.`);
  }
}
