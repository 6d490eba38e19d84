import { bool, type FilterValue, int, NULL, type Operands, text } from './filter-value.ts';

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
