/** Values of the parameters that a path gave; a catch-all that took nothing has none. */
export type RouteValues = Readonly<Record<string, string>>;

interface Segment {
  /** The text itself, or the parameter's name. */
  readonly text: string;
  readonly kind: 'literal' | 'parameter' | 'catchAll';
}

/**
 * A route such as `calls/{callId}` or `files/{*rest}`: literals without regard to case, parameters of one segment each,
 * and a catch-all at the end. Of ASP.NET Core's routing, constraints, defaults, optional parameters, and parameters
 * next to text are refused rather than read wrongly.
 */
export class RouteTemplate {
  readonly text: string;
  readonly #segments: readonly Segment[];

  /** @throws Error with one sentence that quotes the route and names the rule that it breaks */
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
    for (const [index, { kind, text }] of this.#segments.entries()) {
      const given = path[index];
      if (kind === 'catchAll') {
        const rest = path.slice(index).join('/');
        return rest === '' ? values : { ...values, [text]: rest };
      }
      if (kind === 'literal' ? given?.toLowerCase() !== text.toLowerCase() : !given) return undefined;
      if (kind === 'parameter' && given !== undefined) values[text] = given;
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

/** Percent-decoded except for an encoded slash and what is no UTF-8. */
export function decodeSegment(raw: string): string {
  const decoded = raw.split(/(%2f)/i).map((part) => {
    if (/^%2f$/i.test(part)) return part;
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  return decoded.join('');
}

function parseSegments(text: string): Segment[] {
  if (text.startsWith('/') || text.startsWith('~')) throw new Error('it must not start with "/" or "~"');
  if (text === '') return [];
  const segments = text.replace(/\/$/, '').split('/').map(parseSegment);
  const names = new Set<string>();
  for (const [index, { kind, text: name }] of segments.entries()) {
    if (kind === 'literal') continue;
    if (kind === 'catchAll' && index < segments.length - 1)
      throw new Error(`"${name}" takes the rest: it must be last`);
    if (names.has(name.toLowerCase())) throw new Error(`"${name}" appears twice`);
    names.add(name.toLowerCase());
  }
  return segments;
}

function parseSegment(text: string): Segment {
  if (text === '') throw new Error('two slashes follow each other');
  if (!/[{}]/.test(text)) return { kind: 'literal', text };
  const [, stars = '', name] = /^\{(\*{0,2})([^{}*?:=]+)\}$/.exec(text) ?? [];
  if (name !== undefined) return { kind: stars === '' ? 'parameter' : 'catchAll', text: name };
  throw new Error(
    `"${text}" is not supported by the local host, which knows {name} and, at the end, {*name}: ` +
      'no constraint, default or optional parameter, and no parameter next to text',
  );
}
