import type { CallRoute } from '../../../shared/call/route.ts';
import { parseRoutes, RoutesError } from '../../../shared/wire/call/routes-schema.ts';
import { CallStoreError } from '../call/stores.ts';

/** How old the routes may be by which a call is answered: a change in the table holds this much later. */
export const ROUTES_FRESH_MS = 5_000;

export interface RouteBookOptions {
  /** The routes as JSON text out of the table; undefined where there are none. @throws CallStoreError */
  readonly read: () => Promise<string | undefined>;
  /** The routes of the app's settings, which hold where the table has none. */
  readonly fallback: readonly CallRoute[];
  readonly now: () => number;
  /** Told when routes of the table are not used, and why. */
  readonly warn: (problem: string) => void;
}

/**
 * The routes of the table, else those of the settings. Bad ones, and a table that does not answer, never take the place of good
 * ones: whoever mistypes a route still answers calls by the routes before.
 */
export class RouteBook {
  readonly #options: RouteBookOptions;
  #held: readonly CallRoute[];
  #text: string | undefined;
  #freshUntilMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(options: RouteBookOptions) {
    this.#options = options;
    this.#held = options.fallback;
  }

  /** The routes in force, in order of precedence. */
  async current(): Promise<readonly CallRoute[]> {
    if (this.#options.now() >= this.#freshUntilMs) {
      this.#reading ??= this.#read().finally(() => {
        this.#reading = undefined;
      });
      await this.#reading;
    }
    return this.#held;
  }

  async #read(): Promise<void> {
    try {
      const text = await this.#options.read();
      // The same bad text is not complained of again.
      if (text !== this.#text) {
        this.#text = text;
        this.#held = text === undefined ? this.#options.fallback : parseRoutes(jsonOf(text));
      }
    } catch (error) {
      if (!(error instanceof RoutesError || error instanceof CallStoreError)) throw error;
      this.#options.warn(error.message);
    }
    this.#freshUntilMs = this.#options.now() + ROUTES_FRESH_MS;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RoutesError(['the text in the table is not JSON']);
  }
}
