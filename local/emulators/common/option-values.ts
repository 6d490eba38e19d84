/** Reads the values of command lines; each error names the option and what it takes. */

/** @throws Error where the text is not a port; 0 stands for any free one */
export function portOption(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new Error(`--port must be a whole number from 0 to 65535, not "${text}"`);
}

/** @throws Error where the value is none of those allowed */
export function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw new Error(`${option} must be one of ${allowed.join(', ')}, not "${value}"`);
  return found;
}
