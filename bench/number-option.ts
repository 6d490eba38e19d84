/** The number that an option was given. @throws Error naming the option, where it is not a whole number above 0 */
export function wholeNumberOption(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`${option} must be a whole number above 0, not ${text}`);
  return number;
}

/** The number that an option was given, which may have a fraction. @throws Error naming the option, where it is not above 0 */
export function positiveNumberOption(option: string, text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`${option} must be a positive number, not ${text}`);
  return number;
}
