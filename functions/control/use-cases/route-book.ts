import type { CallRoute } from '../../../shared/call/route.ts';
import { parseRoutes, RoutesError } from '../../../shared/wire/call/routes-schema.ts';
import { CallStoreError } from '../call/stores.ts';

/** How old the routes may be when a call is answered: a change in the table takes effect this much later. */
export const ROUTES_FRESH_MS = 5_000;

/** Gets a warning if the table cannot be used. */
interface WarningLog {
  warn(message: string, fields: { readonly why: string }): void;
}

interface RouteBookOptions {
  /** The routes in the table as JSON text, or undefined if there are none. @throws CallStoreError */
  readonly read: () => Promise<string | undefined>;
  /** The routes of the app's settings, which are in force while the table has none. */
  readonly fallback: readonly CallRoute[];
  readonly now: () => number;
}

/**
 * The routes of the table, or else those of the settings. Invalid routes never replace valid ones, nor does a table
 * that does not answer: after a typo calls are answered by the previous routes.
 */
export class RouteBook {
  readonly #options: RouteBookOptions;
  #routes: readonly CallRoute[];
  #text: string | undefined;
  #freshUntilMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(options: RouteBookOptions) {
    this.#options = options;
    this.#routes = options.fallback;
  }

  /** The routes in force, in order of precedence. */
  async current(log: WarningLog): Promise<readonly CallRoute[]> {
    if (this.#options.now() >= this.#freshUntilMs) {
      this.#reading ??= this.#read(log).finally(() => {
        this.#reading = undefined;
      });
      await this.#reading;
    }
    return this.#routes;
  }

  async #read(log: WarningLog): Promise<void> {
    try {
      const text = await this.#options.read();
      // The same invalid text is reported once.
      if (text !== this.#text) {
        this.#text = text;
        this.#routes = text === undefined ? this.#options.fallback : parseRoutes(jsonOf(text));
      }
    } catch (error) {
      if (!(error instanceof RoutesError || error instanceof CallStoreError)) throw error;
      log.warn('The routes in the table cannot be used, so the previous routes stay in force', {
        why: error.message,
      });
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
