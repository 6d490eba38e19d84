import { type Clock, sleep } from '../common/clock.ts';

/** What can go wrong on purpose with the delivery of one event. */
export type DeliveryFault =
  | { readonly type: 'lose' }
  | { readonly type: 'duplicate'; readonly copies: number }
  | { readonly type: 'delay'; readonly delayMs: number }
  /** Waits until a later event has been delivered, but not longer than this. */
  | { readonly type: 'reorder'; readonly withinMs: number };

/** Asked once for each event, by the last part of its type, such as `IncomingCall`. */
export type DrawDeliveryFaults = (type: string) => readonly DeliveryFault[];

export const noDeliveryFaults: DrawDeliveryFaults = () => [];

/** Events that wait for a later one at the same time; another one is not held back. */
const MAX_HELD_BACK = 100;

/** Every event of one sender passes here on its way out; without faults at once. */
export class DeliveryGate {
  readonly #clock: Clock;
  readonly #draw: DrawDeliveryFaults;
  readonly #heldBack = new Set<AbortController>();

  constructor(clock: Clock, draw: DrawDeliveryFaults) {
    this.#clock = clock;
    this.#draw = draw;
  }

  /**
   * Delivers one event as often as its faults want it: not at all (undefined), once, or several copies at the same
   * time.
   * @param hurry cuts waiting short
   */
  async pass<Outcome>(
    type: string,
    hurry: AbortSignal,
    deliver: () => Promise<Outcome>,
  ): Promise<Outcome[] | undefined> {
    let copies = 1;
    let heldBackMs: number | undefined;
    let delayMs = 0;
    for (const fault of this.#draw(type)) {
      if (fault.type === 'lose') return undefined;
      if (fault.type === 'duplicate') copies = fault.copies;
      if (fault.type === 'delay') delayMs += fault.delayMs;
      if (fault.type === 'reorder') heldBackMs = fault.withinMs;
    }
    if (delayMs > 0) await sleep(this.#clock, delayMs, hurry);
    if (heldBackMs !== undefined) await this.#holdBack(heldBackMs, hurry);
    const outcomes = await Promise.all(Array.from({ length: copies }, deliver));
    for (const held of this.#heldBack) held.abort();
    return outcomes;
  }

  async #holdBack(limitMs: number, hurry: AbortSignal): Promise<void> {
    if (this.#heldBack.size >= MAX_HELD_BACK) return;
    const overtaken = new AbortController();
    this.#heldBack.add(overtaken);
    await sleep(this.#clock, limitMs, AbortSignal.any([overtaken.signal, hurry]));
    this.#heldBack.delete(overtaken);
  }
}
