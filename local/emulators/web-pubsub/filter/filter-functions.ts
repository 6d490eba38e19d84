import { FilterError, type FilterExpression, printExpression } from './filter-expression.ts';

interface FilterFunction {
  readonly arities: readonly number[];
  run(args: readonly FilterValue[], operands: Operands): FilterValue;
}

type Run = (operands: Operands, a: FilterValue, b: FilterValue, c?: FilterValue) => FilterValue;

/** A function of so many values. */
function of(arities: readonly number[], run: Run): FilterFunction {
  return { arities, run: ([a = NULL, b = NULL, c], operands) => run(operands, a, b, c) };
}

/** A function of one text; of a missing one it is null. */
function ofText(change: (value: string) => FilterValue): FilterFunction {
  return of([1], (operands, a) => {
    const value = operands.string(a);
    return value === null ? NULL : change(value);
  });
}

/** A function of two texts; `missing` when one of them is missing. */
function ofTexts(missing: FilterValue, join: (a: string, b: string) => FilterValue): FilterFunction {
  return of([2], (operands, a, b) => {
    if (isMissing(a) || isMissing(b)) return missing;
    return join(operands.string(a) ?? '', operands.string(b) ?? '');
  });
}

function isMissing(value: FilterValue): boolean {
  return value.type === 'null' || (value.type === 'string' && value.value === null);
}

const length = of([1], (operands, value) => {
  if (isMissing(value)) return NULL;
  return int(value.type === 'collection' ? value.value.size : (operands.string(value) ?? '').length);
});

const concat = of([2], (operands, first, second) => {
  const [a, b] = [operands.string(first), operands.string(second)];
  return a === null && b === null ? NULL : text(`${a ?? ''}${b ?? ''}`);
});

const substring = of([2, 3], (operands, whole, from, count) => {
  const value = operands.string(whole);
  const start = operands.int(from);
  const length = count === undefined ? undefined : operands.int(count);
  if (value === null) return NULL;
  const rest = value.length - start;
  if (start < 0 || rest < 0 || (length !== undefined && (length < 0 || length > rest))) return NULL;
  return text(value.slice(start, length === undefined ? undefined : start + length));
});

/**
 * The functions of the documented grammar, by their names. Positions count UTF-16 units from 0; a part of a text that
 * is not within it is null.
 */
export const FILTER_FUNCTIONS: ReadonlyMap<string, FilterFunction> = new Map([
  ['length', length],
  ['tolower', ofText((value) => text(value.toLowerCase()))],
  ['toupper', ofText((value) => text(value.toUpperCase()))],
  ['trim', ofText((value) => text(value.trim()))],
  ['contains', ofTexts(bool(false), (value, part) => bool(value.includes(part)))],
  ['startswith', ofTexts(bool(false), (value, part) => bool(value.startsWith(part)))],
  ['endswith', ofTexts(bool(false), (value, part) => bool(value.endsWith(part)))],
  ['indexof', ofTexts(int(-1), (value, part) => int(value.indexOf(part)))],
  ['concat', concat],
  ['substring', substring],
]);

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
