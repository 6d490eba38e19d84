import { bool, type FilterValue, int, NULL, type Operands, text } from './filter-value.ts';

interface FilterFunction {
  readonly arities: readonly number[];
  run(args: readonly FilterValue[], operands: Operands): FilterValue;
}

function argument(args: readonly FilterValue[], index: number): FilterValue {
  return args[index] ?? NULL;
}

/** A function of one text; of a missing one it is null. */
function ofText(change: (value: string) => FilterValue): FilterFunction {
  return {
    arities: [1],
    run(args, operands) {
      const value = operands.string(argument(args, 0));
      return value === null ? NULL : change(value);
    },
  };
}

/** A function of two texts; `missing` when one of them is missing. */
function ofTexts(missing: FilterValue, join: (a: string, b: string) => FilterValue): FilterFunction {
  return {
    arities: [2],
    run(args, operands) {
      const [a, b] = [argument(args, 0), argument(args, 1)];
      if (isMissing(a) || isMissing(b)) return missing;
      return join(operands.string(a) ?? '', operands.string(b) ?? '');
    },
  };
}

function isMissing(value: FilterValue): boolean {
  return value.type === 'null' || (value.type === 'string' && value.value === null);
}

/**
 * The functions of the documented grammar, by their names. Positions count UTF-16 units from 0; a part of a text that
 * is not within it is null.
 */
export const FILTER_FUNCTIONS: ReadonlyMap<string, FilterFunction> = new Map<string, FilterFunction>([
  [
    'length',
    {
      arities: [1],
      run(args, operands) {
        const value = argument(args, 0);
        if (isMissing(value)) return NULL;
        if (value.type === 'collection') return int(value.value.size);
        return int((operands.string(value) ?? '').length);
      },
    },
  ],
  ['tolower', ofText((value) => text(value.toLowerCase()))],
  ['toupper', ofText((value) => text(value.toUpperCase()))],
  ['trim', ofText((value) => text(value.trim()))],
  ['contains', ofTexts(bool(false), (value, part) => bool(value.includes(part)))],
  ['startswith', ofTexts(bool(false), (value, part) => bool(value.startsWith(part)))],
  ['endswith', ofTexts(bool(false), (value, part) => bool(value.endsWith(part)))],
  ['indexof', ofTexts(int(-1), (value, part) => int(value.indexOf(part)))],
  [
    'concat',
    {
      arities: [2],
      run(args, operands) {
        const [a, b] = [operands.string(argument(args, 0)), operands.string(argument(args, 1))];
        return a === null && b === null ? NULL : text(`${a ?? ''}${b ?? ''}`);
      },
    },
  ],
  [
    'substring',
    {
      arities: [2, 3],
      run(args, operands) {
        const value = operands.string(argument(args, 0));
        const start = operands.int(argument(args, 1));
        const length = args.length === 3 ? operands.int(argument(args, 2)) : undefined;
        if (value === null) return NULL;
        const rest = value.length - start;
        if (start < 0 || rest < 0 || (length !== undefined && (length < 0 || length > rest))) return NULL;
        return text(value.slice(start, length === undefined ? undefined : start + length));
      },
    },
  ],
]);
