/** The values of a file of JSON lines that somebody may be writing at this moment: a line counts once it is whole. */
export function jsonLines<T>(text: string): T[] {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as T]));
}
