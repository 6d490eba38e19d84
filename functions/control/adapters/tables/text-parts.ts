/** A property of a row holds at most 64 KiB of UTF-16, and a row 1 MiB. */
const PART_CHARACTERS = 30_000;
const MAX_PARTS = 15;

/** The longest text that a row holds in parts, in UTF-16 code units. */
export const MAX_TEXT_CHARACTERS = PART_CHARACTERS * MAX_PARTS;

/**
 * The properties that hold a text longer than one property may be: with the name `text`, `text0`, `text1` and so on.
 */
export type TextParts<Name extends string> = {
  /** How many parts there are. Parts of a longer text that the row held before may follow them. */
  readonly parts: number;
} & { readonly [part in `${Name}${number}`]: string };

/** A text as properties of a row; undefined if it is longer than `MAX_TEXT_CHARACTERS`. */
export function partsOf<Name extends string>(name: Name, text: string): TextParts<Name> | undefined {
  if (text.length > MAX_TEXT_CHARACTERS) return undefined;
  const properties: Record<string, string | number> = {};
  let parts = 0;
  for (let at = 0; at < text.length; parts += 1) {
    const end = partEnd(text, at);
    properties[`${name}${parts}`] = text.slice(at, end);
    at = end;
  }
  return { ...properties, parts } as TextParts<Name>;
}

/** A character of two code units is not cut in two, since storage checks each part as a text of its own. */
function partEnd(text: string, from: number): number {
  const end = from + PART_CHARACTERS;
  return (text.codePointAt(end - 1) ?? 0) > 0xffff ? end + 1 : end;
}

/** The text of a row that holds it in parts. */
export function textOf<Name extends string>(name: Name, row: TextParts<Name>): string {
  return Array.from({ length: row.parts }, (_, part) => row[`${name}${part}`] ?? '').join('');
}
