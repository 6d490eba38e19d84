/** A filter cannot be read, or asks for what its operands cannot do. The message is worded as the service words it. */
export class FilterError extends Error {
  /** @param expression the part of the filter that is wrong @param detail why, as a sentence */
  constructor(expression: string, detail: string) {
    super(`Invalid syntax for '${expression}': ${detail} (Parameter 'filter')`);
    this.name = 'FilterError';
  }
}
