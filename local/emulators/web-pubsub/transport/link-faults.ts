import type { Random } from '../../common/random.ts';
import { drawDelay } from '../faults/distribution.ts';
import type { WebPubSubFaultEngine } from '../faults/fault-plan.ts';

export type LinkDirection = 'toClient' | 'toService';

/** How long the messages of one connection take in one direction. Each has a stream of chance of its own. */
export class LinkFaults {
  readonly #engine: WebPubSubFaultEngine;
  readonly #hub: string;
  readonly #direction: LinkDirection;
  readonly #streamName: string;
  #stream: { readonly version: number; readonly random: Random } | undefined;

  /** @param ordinal which connection of the hub it is, counted from 1: the same script draws the same delays again */
  constructor(engine: WebPubSubFaultEngine, hub: string, ordinal: number, direction: LinkDirection) {
    this.#engine = engine;
    this.#hub = hub;
    this.#direction = direction;
    this.#streamName = `link/${hub}/${ordinal}/${direction}`;
  }

  /** Whether every message goes at once. */
  get none(): boolean {
    return !this.#engine.has('link');
  }

  /** The delay of the next message: that of every rule that hits, together. */
  nextDelayMs(): number {
    if (this.none) return 0;
    const { version } = this.#engine;
    if (this.#stream?.version !== version)
      this.#stream = { version, random: this.#engine.stream(this.#streamName) };
    const { random } = this.#stream;
    const hits = this.#engine.draw('link', { hub: this.#hub, name: this.#direction }, random);
    return hits.reduce((sum, rule) => sum + drawDelay(rule.delayMs, random), 0);
  }
}
