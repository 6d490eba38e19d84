/** A property of a row holds at most 64 KiB of UTF-16, and a row 1 MiB. */
const PART_CHARACTERS = 30_000;
const MAX_PARTS = 15;

/** The longest text that a row holds in parts, in UTF-16 code units. */
export const MAX_TEXT_CHARACTERS = PART_CHARACTERS * MAX_PARTS;

/** The properties in which a row holds a text longer than one property may be: with the name `text`, `text0`, `text1` and so on. */
export type TextParts<Name extends string> = {
  /** How many there are. Those of a longer text that the row held before may follow them. */
  readonly parts: number;
} & { readonly [part in `${Name}${number}`]: string };

/** A text as properties of a row; undefined where it is longer than `MAX_TEXT_CHARACTERS`. */
export function partsOf<Name extends string>(name: Name, text: string): TextParts<Name> | undefined {
  if (text.length > MAX_TEXT_CHARACTERS) return undefined;
  const parts = Math.ceil(text.length / PART_CHARACTERS);
  const properties: Record<string, string | number> = { parts };
  for (let part = 0; part < parts; part += 1)
    properties[`${name}${part}`] = text.slice(part * PART_CHARACTERS, (part + 1) * PART_CHARACTERS);
  return properties as TextParts<Name>;
}

/** The text of a row that holds it in parts. */
export function textOf<Name extends string>(name: Name, row: TextParts<Name>): string {
  return Array.from({ length: row.parts }, (_, part) => row[`${name}${part}`] ?? '').join('');
}
