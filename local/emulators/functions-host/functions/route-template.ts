import { parseConstraint, type RouteConstraint } from './route-constraint.ts';

/** Values of the parameters that a path gave; a parameter that the path left out is absent. */
export type RouteValues = Readonly<Record<string, string>>;

interface Parameter {
  readonly name: string;
  readonly constraints: readonly RouteConstraint[];
  readonly isCatchAll: boolean;
  readonly isOptional: boolean;
  readonly defaultValue: string | undefined;
}

type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'parameter'; readonly parameter: Parameter }
  | { readonly kind: 'mixed'; readonly pattern: RegExp; readonly parameters: readonly Parameter[] };

/**
 * A route such as `calls/{callId:guid}/{part?}` or `files/{*rest}`, in the syntax of ASP.NET Core routing:
 * literals without regard to case, parameters with constraints and defaults, optional and catch-all parameters,
 * and segments that mix text with parameters (`v{version}`).
 */
export class RouteTemplate {
  readonly text: string;
  readonly #segments: readonly Segment[];

  /** @throws one sentence that quotes the route and names the rule that it breaks */
  constructor(text: string) {
    this.text = text;
    try {
      this.#segments = parseSegments(text);
    } catch (error) {
      throw new Error(`the route "${text}": ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** The parameters' values when the path, given by `pathSegments`, is of this route. */
  match(path: readonly string[]): RouteValues | undefined {
    const values: Record<string, string> = {};
    for (const [index, segment] of this.#segments.entries()) {
      const text = path[index];
      switch (segment.kind) {
        case 'literal':
          if (text?.toLowerCase() !== segment.text.toLowerCase()) return undefined;
          break;
        case 'mixed':
          if (!matchMixed(segment.pattern, segment.parameters, text ?? '', values)) return undefined;
          break;
        case 'parameter': {
          const { parameter } = segment;
          const given = parameter.isCatchAll ? path.slice(index).join('/') : text;
          if (!assign(parameter, given === '' && parameter.isCatchAll ? undefined : given, values)) {
            return undefined;
          }
          if (parameter.isCatchAll) return values;
          break;
        }
      }
    }
    return path.length > this.#segments.length ? undefined : values;
  }
}

/**
 * The segments of a request's path, percent-decoded except for an encoded slash, which the host leaves encoded.
 * A slash at the end does not count.
 */
export function pathSegments(pathname: string): string[] {
  const trimmed = pathname.replace(/^\//, '').replace(/\/$/, '');
  return trimmed === '' ? [] : trimmed.split('/').map(decodeSegment);
}

function decodeSegment(raw: string): string {
  return raw
    .split(/(%2f)/i)
    .map((part) => {
      if (/^%2f$/i.test(part)) return part;
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    })
    .join('');
}

function assign(parameter: Parameter, given: string | undefined, values: Record<string, string>): boolean {
  if (given === '') return false;
  const value = given ?? parameter.defaultValue;
  if (value === undefined) return parameter.isOptional || parameter.isCatchAll;
  if (!parameter.constraints.every((accepts) => accepts(value))) return false;
  values[parameter.name] = value;
  return true;
}

function matchMixed(
  pattern: RegExp,
  parameters: readonly Parameter[],
  text: string,
  values: Record<string, string>,
): boolean {
  const found = pattern.exec(text);
  return found !== null && parameters.every((parameter, at) => assign(parameter, found[at + 1], values));
}

function parseSegments(text: string): Segment[] {
  if (text.startsWith('/') || text.startsWith('~')) throw new Error('it must not start with "/" or "~"');
  if (text === '') return [];
  const segments = splitSegments(text).map(parseSegment);
  const names = new Set<string>();
  for (const [index, segment] of segments.entries()) {
    if (segment.kind === 'literal') continue;
    const isLast = index === segments.length - 1;
    const parameters = segment.kind === 'mixed' ? segment.parameters : [segment.parameter];
    for (const parameter of parameters) {
      if (parameter.isCatchAll && !isLast)
        throw new Error(`"${parameter.name}" takes the rest: it must be last`);
      if (parameter.isOptional && !isLast && !isFollowedByOptional(segments, index)) {
        throw new Error(`"${parameter.name}" is optional, so nothing required may follow it`);
      }
      if (names.has(parameter.name.toLowerCase())) throw new Error(`"${parameter.name}" appears twice`);
      names.add(parameter.name.toLowerCase());
    }
  }
  return segments;
}

function isFollowedByOptional(segments: readonly Segment[], index: number): boolean {
  return segments
    .slice(index + 1)
    .every(
      (later) =>
        later.kind === 'parameter' &&
        (later.parameter.isOptional ||
          later.parameter.isCatchAll ||
          later.parameter.defaultValue !== undefined),
    );
}

/** Splits at slashes outside braces. */
function splitSegments(text: string): string[] {
  const segments: string[] = [];
  let segment = '';
  let depth = 0;
  for (const character of text.replace(/\/$/, '')) {
    if (character === '{') depth += 1;
    if (character === '}') depth -= 1;
    if (depth < 0) throw new Error('a "}" has no "{"');
    if (character === '/' && depth === 0) {
      segments.push(segment);
      segment = '';
    } else {
      segment += character;
    }
  }
  if (depth !== 0) throw new Error('a "{" has no "}"');
  segments.push(segment);
  if (segments.includes('')) throw new Error('two slashes follow each other');
  return segments;
}

function parseSegment(text: string): Segment {
  const parts = splitParts(text);
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) {
    return first.isParameter
      ? { kind: 'parameter', parameter: parseParameter(first.text) }
      : { kind: 'literal', text: first.text };
  }
  const parameters: Parameter[] = [];
  let pattern = '';
  for (const [index, part] of parts.entries()) {
    if (!part.isParameter) {
      pattern += escapePattern(part.text);
      continue;
    }
    if (parts[index - 1]?.isParameter) throw new Error('two parameters need text between them');
    const parameter = parseParameter(part.text);
    if (parameter.isCatchAll || parameter.isOptional || parameter.defaultValue !== undefined) {
      throw new Error(`not supported: "${part.text}" next to text in one segment`);
    }
    parameters.push(parameter);
    // Greedy, so that a repeated separator is found from the right, as the host does.
    pattern += '(.+)';
  }
  return { kind: 'mixed', pattern: new RegExp(`^${pattern}$`, 'i'), parameters };
}

function escapePattern(text: string): string {
  return text.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&');
}

function splitParts(text: string): { text: string; isParameter: boolean }[] {
  const parts: { text: string; isParameter: boolean }[] = [];
  let literal = '';
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] !== '{') {
      literal += text[at];
      continue;
    }
    if (literal !== '') parts.push({ text: literal, isParameter: false });
    literal = '';
    const end = closingBrace(text, at);
    parts.push({
      text: text
        .slice(at + 1, end)
        .replaceAll('{{', '{')
        .replaceAll('}}', '}'),
      isParameter: true,
    });
    at = end;
  }
  if (literal !== '') parts.push({ text: literal, isParameter: false });
  return parts;
}

/** Inside a parameter (in a regex) braces are doubled. */
function closingBrace(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at += 1) {
    if (text[at] !== '}') continue;
    if (text[at + 1] !== '}') return at;
    at += 1;
  }
  throw new Error('a "{" has no "}"');
}

function parseParameter(text: string): Parameter {
  const isCatchAll = text.startsWith('*');
  let rest = text.replace(/^\*{1,2}/, '');
  const isOptional = rest.endsWith('?') && !rest.endsWith('(?');
  if (isOptional) rest = rest.slice(0, -1);
  const [nameAndDefault = '', ...constraints] = splitOutsideParentheses(rest);
  const last = constraints.at(-1);
  const withDefault = last !== undefined && !last.includes('(') ? last : nameAndDefault;
  const equals = withDefault.indexOf('=');
  const defaultValue = equals < 0 ? undefined : withDefault.slice(equals + 1);
  if (equals >= 0 && last === withDefault && constraints.length > 0) {
    constraints[constraints.length - 1] = withDefault.slice(0, equals);
  }
  const name = nameAndDefault.split('=')[0] ?? '';
  if (!/^[^/{}?*]+$/.test(name)) throw new Error(`"{${text}}" has no usable parameter name`);
  if (isOptional && defaultValue !== undefined) throw new Error(`"${name}" is optional and has a default`);
  return { name, isCatchAll, isOptional, defaultValue, constraints: constraints.map(parseConstraint) };
}

function splitOutsideParentheses(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of text) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character === ':' && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts;
}
