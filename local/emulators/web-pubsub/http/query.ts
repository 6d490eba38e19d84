/** The query of a request. Names are compared without regard to case, as the service compares them. */
export class Query {
  readonly #values = new Map<string, string[]>();

  constructor(parameters: URLSearchParams) {
    for (const [name, value] of parameters) {
      const key = name.toLowerCase();
      const values = this.#values.get(key);
      if (values === undefined) this.#values.set(key, [value]);
      else values.push(value);
    }
  }

  /** Every value of a parameter, in order. */
  all(name: string): readonly string[] {
    return this.#values.get(name.toLowerCase()) ?? [];
  }

  first(name: string): string | undefined {
    return this.all(name)[0];
  }

  last(name: string): string | undefined {
    return this.all(name).at(-1);
  }
}
