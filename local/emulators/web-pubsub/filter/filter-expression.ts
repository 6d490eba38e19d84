export type ComparisonOperator = 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le';

/** What a filter says, as a tree. */
export type FilterExpression =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'identifier'; readonly name: string }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly FilterExpression[] }
  | { readonly kind: 'not'; readonly operand: FilterExpression }
  | {
      readonly kind: 'binary';
      readonly operator: 'and' | 'or' | ComparisonOperator;
      readonly left: FilterExpression;
      readonly right: FilterExpression;
    }
  | {
      readonly kind: 'in';
      readonly left: FilterExpression;
      /** One expression that is a collection, or the values of a list. */
      readonly right:
        | { readonly list: false; readonly of: FilterExpression }
        | { readonly list: true; readonly of: readonly FilterExpression[] };
    };

/** The expression as text, operands in parentheses, as error messages show it. */
export function printExpression(expression: FilterExpression): string {
  switch (expression.kind) {
    case 'literal':
      return typeof expression.value === 'string' ? `'${expression.value}'` : String(expression.value);
    case 'identifier':
      return expression.name;
    case 'call':
      return `${expression.name}(${expression.args.map(printExpression).join(',')})`;
    case 'not':
      return `not ${wrapped(expression.operand)}`;
    case 'binary':
      return `${wrapped(expression.left)} ${expression.operator} ${wrapped(expression.right)}`;
    case 'in': {
      const { left, right } = expression;
      const text = right.list ? `(${right.of.map(printExpression).join(',')})` : printExpression(right.of);
      return `${printExpression(left)} in ${text}`;
    }
  }
}

function wrapped(operand: FilterExpression): string {
  const text = printExpression(operand);
  return operand.kind === 'binary' || operand.kind === 'not' || operand.kind === 'in' ? `(${text})` : text;
}

/** A filter cannot be read, or asks for what its operands cannot do. The message is worded as the service words it. */
export class FilterError extends Error {
  /** @param expression the part of the filter that is wrong @param detail why, as a sentence */
  constructor(expression: string, detail: string) {
    super(`Invalid syntax for '${expression}': ${detail} (Parameter 'filter')`);
    this.name = 'FilterError';
  }
}
