/**
 * Whether the process is too busy for a further call, by how late its event loop is. A call that is live is carried on with whatever happens;
 * a further one would make all of them late. Pure: somebody else measures and calls `add` once per window.
 *
 *     calm ──windows above the limit, OVER_WINDOWS in a row──▶ overloaded
 *       ▲                                                         │
 *       └────────windows within the limit, CALM_WINDOWS in a row──┘
 */

/** Length of a window. */
export const WINDOW_MS = 1_000;
/** One bad window may be noise; so many in a row are not. */
export const OVER_WINDOWS = 2;
/** It takes longer to be trusted again, so that calls are not taken in bursts. */
export const CALM_WINDOWS = 3;

export class Overload {
  readonly #limitMs: number;
  #state: 'calm' | 'overloaded' = 'calm';
  /** Windows in a row that speak against the present state. */
  #against = 0;

  /** `limitMs`: the delay of the event loop that is too much, in milliseconds, the median of a window. */
  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  get isOverloaded(): boolean {
    return this.#state === 'overloaded';
  }

  /** The median delay of the event loop in the window that has ended. */
  add(delayMs: number): void {
    const speaksAgainst = delayMs > this.#limitMs !== this.isOverloaded;
    this.#against = speaksAgainst ? this.#against + 1 : 0;
    switch (this.#state) {
      case 'calm':
        if (this.#against >= OVER_WINDOWS) this.#enter('overloaded');
        break;
      case 'overloaded':
        if (this.#against >= CALM_WINDOWS) this.#enter('calm');
        break;
    }
  }

  #enter(state: 'calm' | 'overloaded'): void {
    this.#state = state;
    this.#against = 0;
  }
}
