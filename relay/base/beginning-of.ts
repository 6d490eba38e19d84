/** The first characters of a text that may be long. A copy, since a slice would keep the whole text in memory. */
export function beginningOf(text: string, chars: number): string {
  if (text.length <= chars) return text;
  // The cut may go through a character.
  return Buffer.from(text.slice(0, chars).toWellFormed()).toString();
}
