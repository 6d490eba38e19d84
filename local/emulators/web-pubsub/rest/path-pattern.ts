/** The path of an operation as the REST reference writes it, such as `/api/hubs/{hub}/groups/{group}/:send`. */
export class PathPattern {
  readonly #segments: readonly string[];

  constructor(pattern: string) {
    this.#segments = pattern.split('/');
  }

  /**
   * @param path the request's path, percent-encoded
   * @returns the decoded parameters by name; undefined when the path is another or a parameter is empty or wrongly
   *   encoded
   */
  match(path: string): Readonly<Record<string, string>> | undefined {
    const given = path.split('/');
    if (given.length !== this.#segments.length) return undefined;
    const parameters: Record<string, string> = {};
    for (const [index, segment] of this.#segments.entries()) {
      const text = given[index] ?? '';
      if (!segment.startsWith('{')) {
        if (text !== segment) return undefined;
        continue;
      }
      const value = decoded(text);
      if (value === undefined || value === '') return undefined;
      parameters[segment.slice(1, -1)] = value;
    }
    return parameters;
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
