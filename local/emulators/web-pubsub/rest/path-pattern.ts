/**
 * The segments of a request's path, decoded as the service decodes them: `%2F` stays as it is, so that a slash in the
 * name of a group or a user is not the slash of a path. A slash at the end counts for nothing.
 * @returns undefined when the path is not percent-encoded correctly
 */
export function segmentsOf(path: string): readonly string[] | undefined {
  const segments = path.split('/');
  if (segments.length > 2 && segments.at(-1) === '') segments.pop();
  try {
    return segments.map((segment) =>
      segment.includes('%') ? decodeURIComponent(segment.replace(/%(?=2F)/gi, '%25')) : segment,
    );
  } catch {
    return undefined;
  }
}

/** The path of an operation as the REST reference writes it, such as `/api/hubs/{hub}/groups/{group}/:send`. */
export class PathPattern {
  readonly #segments: readonly string[];

  constructor(pattern: string) {
    this.#segments = pattern.split('/').map((segment) => (isName(segment) ? segment : segment.toLowerCase()));
  }

  /**
   * Compares segments without regard to case.
   * @returns the parameters by name; undefined when the path is another or a parameter is empty
   */
  match(segments: readonly string[]): Readonly<Record<string, string>> | undefined {
    if (segments.length !== this.#segments.length) return undefined;
    const parameters: Record<string, string> = {};
    for (const [index, segment] of this.#segments.entries()) {
      const given = segments[index] ?? '';
      if (!isName(segment)) {
        if (given.toLowerCase() !== segment) return undefined;
        continue;
      }
      if (given === '') return undefined;
      parameters[segment.slice(1, -1)] = given;
    }
    return parameters;
  }
}

function isName(segment: string): boolean {
  return segment.startsWith('{');
}
