/**
 * Decides by the lateness of the event loop whether the process is too busy for another call. Live calls always go on;
 * another one would make all of them late. Pure: the caller measures, and calls `add` once per window.
 *
 *     calm ──windows above the limit, OVER_WINDOWS in a row──▶ overloaded
 *       ▲                                                         │
 *       └────────windows within the limit, CALM_WINDOWS in a row──┘
 */

/** Length of a window. */
export const WINDOW_MS = 1_000;
/** One bad window may be noise; this many in a row are not. */
const OVER_WINDOWS = 2;
/** The way back takes longer, so that the relay does not take calls in bursts. */
const CALM_WINDOWS = 3;

export class Overload {
  readonly #limitMs: number;
  #state: 'calm' | 'overloaded' = 'calm';
  /** Windows in a row that contradict the present state. */
  #against = 0;

  /** `limitMs`: the largest median delay of a window that is still fine, in milliseconds. */
  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  get isOverloaded(): boolean {
    return this.#state === 'overloaded';
  }

  /** Takes the median delay of the event loop in the window that has ended. */
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
