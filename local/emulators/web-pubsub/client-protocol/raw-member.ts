/**
 * The text of one member's value in a JSON object, exactly as it was written.
 * @param text a JSON text that `JSON.parse` accepts and that is an object: nothing is validated again
 * @returns undefined when there is no such member; the last one when the name is repeated, as `JSON.parse` decides too
 */
export function rawMember(text: string, name: string): string | undefined {
  let found: string | undefined;
  eachMember(text, (key, valueStart, valueEnd) => {
    if (key === name) found = text.slice(valueStart, valueEnd);
  });
  return found;
}

/**
 * The names of the members of a JSON object in their order, repeated ones as often as they stand there.
 * @param text a JSON text that `JSON.parse` accepts and that is an object
 */
export function memberNames(text: string): readonly string[] {
  const names: string[] = [];
  eachMember(text, (key) => names.push(key));
  return names;
}

function eachMember(text: string, visit: (key: string, valueStart: number, valueEnd: number) => void): void {
  let index = skipSpace(text, text.indexOf('{') + 1);
  while (text.charAt(index) !== '}') {
    const nameEnd = endOfString(text, index);
    const valueStart = skipSpace(text, skipSpace(text, nameEnd) + 1);
    const valueEnd = endOfValue(text, valueStart);
    visit(JSON.parse(text.slice(index, nameEnd)) as string, valueStart, valueEnd);
    index = skipSpace(text, valueEnd);
    if (text.charAt(index) === ',') index = skipSpace(text, index + 1);
  }
}

function skipSpace(text: string, from: number): number {
  let index = from;
  while (index < text.length && ' \t\n\r'.includes(text.charAt(index))) index += 1;
  return index;
}

/** @param from the index of the opening quote @returns the index after the closing quote */
function endOfString(text: string, from: number): number {
  let index = from;
  for (;;) {
    index = text.indexOf('"', index + 1);
    let slash = index - 1;
    while (text.charAt(slash) === '\\') slash -= 1;
    // An even number of backslashes before the quote means that none of them escapes it.
    if ((index - 1 - slash) % 2 === 0) return index + 1;
  }
}

function endOfValue(text: string, from: number): number {
  const first = text.charAt(from);
  if (first === '"') return endOfString(text, from);
  let index = from;
  if (first !== '{' && first !== '[') {
    while (index < text.length && !',}] \t\n\r'.includes(text.charAt(index))) index += 1;
    return index;
  }
  let depth = 0;
  for (;;) {
    const character = text.charAt(index);
    if (character === '"') {
      index = endOfString(text, index);
      continue;
    }
    if (character === '{' || character === '[') depth += 1;
    if (character === '}' || character === ']') depth -= 1;
    index += 1;
    if (depth === 0) return index;
  }
}
