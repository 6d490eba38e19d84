/**
 * One timer for all the calls of a process. Deadlines are absolute, on the clock's `elapsedMs`, and collected in
 * slots of a few milliseconds: the process wakes once for everything in a slot, instead of once for each call.
 * Nothing runs before its deadline, and lateness does not add up. Without deadlines no timer runs.
 */
import type { Clock } from '../../shared/base/clock.ts';

/** Width of a slot: how long after its deadline something may run on an idle process. */
const WHEEL_SLOT_MS = 5;

interface Slot {
  readonly runs: Set<() => void>;
}

export class TimerWheel {
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  /** By the number of the slot: the slot ends so many slot widths after the clock's beginning. */
  readonly #slots = new Map<number, Slot>();
  #wakeSlot = Number.POSITIVE_INFINITY;
  #cancelWake = (): void => {};

  /** @param onError gets what a run threw; the others run all the same */
  constructor(clock: Clock, onError: (error: unknown) => void) {
    this.#clock = clock;
    this.#onError = onError;
  }

  /** Runs once at `deadlineMs` or within a slot after it, unless you call the returned function first (idempotent). */
  at(deadlineMs: number, run: () => void): () => void {
    const number = Math.ceil(deadlineMs / WHEEL_SLOT_MS);
    const slot = this.#slots.get(number) ?? { runs: new Set() };
    this.#slots.set(number, slot);
    // Its own function, so that a caller may pass the same one twice.
    const entry = (): void => run();
    slot.runs.add(entry);
    if (number < this.#wakeSlot) this.#sleepUntil(number);
    return () => {
      slot.runs.delete(entry);
    };
  }

  #wake(): void {
    this.#wakeSlot = Number.POSITIVE_INFINITY;
    const now = Math.floor(this.#clock.elapsedMs() / WHEEL_SLOT_MS);
    const due = [...this.#slots.keys()].filter((number) => number <= now).sort((a, b) => a - b);
    for (const number of due) {
      const slot = this.#slots.get(number);
      this.#slots.delete(number);
      for (const run of slot?.runs ?? []) this.#run(run);
    }
    this.#sleepUntilNext();
  }

  #run(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#onError(error);
    }
  }

  #sleepUntilNext(): void {
    let next = Number.POSITIVE_INFINITY;
    for (const [number, { runs }] of this.#slots) {
      if (runs.size === 0) this.#slots.delete(number);
      else if (number < next) next = number;
    }
    if (next < this.#wakeSlot) this.#sleepUntil(next);
  }

  #sleepUntil(slot: number): void {
    this.#cancelWake();
    this.#wakeSlot = slot;
    const waitMs = Math.max(0, slot * WHEEL_SLOT_MS - this.#clock.elapsedMs());
    this.#cancelWake = this.#clock.after(Math.ceil(waitMs), () => this.#wake());
  }
}
