/** The tokens of JSON (RFC 8259) but strings: white space, numbers, words, and what holds them together. */
const TOKENS = /[ \t\r\n]+|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[[\]{},:]/y;
/** A piece of a string. A pattern for whole strings runs out of stack on long ones. */
const PIECES = /[ !#-[\]-\uffff]+|\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;

/** What may come next: a value, a name, a colon, or a comma or closing bracket. */
type Expected = 'value' | 'firstValue' | 'name' | 'firstName' | 'colon' | 'comma';

/**
 * Where a text stops being JSON, such as `line 3, column 5`; what the parser of Node says of it may quote the text,
 * which may hold a key, or name no place. Undefined for JSON.
 */
export function jsonBreaksAt(text: string): string | undefined {
  const open: ('[' | '{')[] = [];
  let expected: Expected | 'end' = 'value';
  let end: number | undefined;
  for (let at = 0; at < text.length; at = end) {
    end = text[at] === '"' ? endOfString(text, at) : endOf(TOKENS, text, at);
    if (end === undefined) return placeOf(text, at);
    // Of a string, its first character says enough.
    const token = text[at] === '"' ? '"' : text.slice(at, end);
    if (/^\s/.test(token)) continue;
    const next = follow(token, expected, open);
    if (next === undefined) return placeOf(text, at);
    expected = next;
  }
  return expected === 'end' ? undefined : placeOf(text, text.length);
}

function endOf(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

/** @param start of the quotation mark at its front */
function endOfString(text: string, start: number): number | undefined {
  for (let at: number | undefined = start + 1; at !== undefined; at = endOf(PIECES, text, at))
    if (text[at] === '"') return at + 1;
  return undefined;
}

/** What is expected after this token, or undefined where it may not stand. */
function follow(
  token: string,
  expected: Expected | 'end',
  open: ('[' | '{')[],
): Expected | 'end' | undefined {
  const afterValue = (): Expected | 'end' => (open.length === 0 ? 'end' : 'comma');
  switch (token) {
    case '[':
    case '{':
      if (expected !== 'value' && expected !== 'firstValue') return undefined;
      open.push(token);
      return token === '[' ? 'firstValue' : 'firstName';
    case ']':
    case '}': {
      const isFirst = expected === (token === ']' ? 'firstValue' : 'firstName');
      if (!isFirst && expected !== 'comma') return undefined;
      return open.pop() === (token === ']' ? '[' : '{') ? afterValue() : undefined;
    }
    case ',':
      if (expected !== 'comma') return undefined;
      return open.at(-1) === '[' ? 'value' : 'name';
    case ':':
      return expected === 'colon' ? 'value' : undefined;
    default:
      if (expected === 'name' || expected === 'firstName') return token === '"' ? 'colon' : undefined;
      return expected === 'value' || expected === 'firstValue' ? afterValue() : undefined;
  }
}

function placeOf(text: string, at: number): string {
  const lines = text.slice(0, at).split('\n');
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}
