/** Decides whether a route parameter's text is acceptable. */
export type RouteConstraint = (text: string) => boolean;

const GUID =
  /^(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}|\([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\))$/i;
const INTEGER = /^\s*[+-]?\d+\s*$/;
const NUMBER = /^\s*[+-]?(?:\d[\d,]*\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i;

const INT32 = { min: -(2n ** 31n), max: 2n ** 31n - 1n };
const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

/**
 * The constraint that an inline constraint such as `int`, `length(2,4)` or `regex(^a+$)` names.
 * The set is that of ASP.NET Core routing, which the Functions host uses.
 *
 * @throws one sentence for an unknown constraint or unusable arguments
 */
export function parseConstraint(text: string): RouteConstraint {
  const [, name = '', argumentText] = /^([^()]*)(?:\((.*)\))?$/s.exec(text) ?? [];
  const key = name.trim().toLowerCase();
  if (key === 'regex') {
    const pattern = new RegExp(argumentText ?? '', 'i');
    return (value) => pattern.test(value);
  }
  const numbers = (argumentText === undefined ? [] : argumentText.split(',')).map((part) => {
    if (!INTEGER.test(part)) throw new Error(`the route constraint "${text}" needs whole numbers`);
    return BigInt(part.trim());
  });
  const [first, second] = numbers;
  const expected = ARGUMENT_COUNTS.get(key);
  if (expected === undefined) throw new Error(`"${text}" is no route constraint`);
  if (!expected.includes(numbers.length)) {
    throw new Error(`the route constraint "${text}" has ${numbers.length} arguments`);
  }
  const low = first ?? 0n;
  const high = second ?? low;
  switch (key) {
    case 'int':
      return (value) => isWithin(value, INT32.min, INT32.max);
    case 'long':
      return (value) => isWithin(value, INT64.min, INT64.max);
    case 'min':
      return (value) => isWithin(value, low, INT64.max);
    case 'max':
      return (value) => isWithin(value, INT64.min, low);
    case 'range':
      return (value) => isWithin(value, low, high);
    case 'minlength':
      return (value) => value.length >= low;
    case 'maxlength':
      return (value) => value.length <= low;
    case 'length':
      return (value) => value.length >= low && value.length <= high;
    case 'float':
    case 'double':
    case 'decimal':
      return (value) => NUMBER.test(value);
    case 'bool':
      return (value) => /^\s*(?:true|false)\s*$/i.test(value);
    case 'datetime':
      return (value) => !Number.isNaN(Date.parse(value));
    case 'guid':
      return (value) => GUID.test(value);
    case 'alpha':
      return (value) => /^[a-z]*$/i.test(value);
    default:
      // Only `required` is left.
      return (value) => value !== '';
  }
}

/** How many arguments each constraint takes. */
const ARGUMENT_COUNTS: ReadonlyMap<string, readonly number[]> = new Map([
  ...['int', 'long', 'float', 'double', 'decimal', 'bool', 'datetime', 'guid', 'alpha', 'required'].map(
    (name): [string, number[]] => [name, [0]],
  ),
  ...['min', 'max', 'minlength', 'maxlength'].map((name): [string, number[]] => [name, [1]]),
  ['length', [1, 2]],
  ['range', [2]],
]);

function isWithin(text: string, low: bigint, high: bigint): boolean {
  if (!INTEGER.test(text)) return false;
  const value = BigInt(text.trim().replace(/^\+/, ''));
  return value >= low && value <= high;
}
