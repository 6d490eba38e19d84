import type { HealthView, PartHealthView } from '../../../shared/wire/api/health-endpoints.ts';

/** How long an answer about the health is good: however many callers ask, the parts are asked no more often. */
export const HEALTH_AGE_MS = 5_000;

/** What a part has answered, or that it cannot be asked. */
export type PartState = Pick<PartHealthView, 'state' | 'detail'>;

/** Asks one part. A rejection means that it is down; its message is not shown. */
export type HealthProbe = () => Promise<PartState>;

export type HealthProbes = Readonly<Record<PartHealthView['name'], HealthProbe>>;

interface HealthWatchOptions {
  readonly probes: HealthProbes;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** How the parts of the system are. All are asked at the same time, and all who want to know share the answer. */
export class HealthWatch {
  readonly #options: HealthWatchOptions;
  #last: { readonly atMs: number; readonly health: Promise<HealthView> } | undefined;

  constructor(options: HealthWatchOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  health(): Promise<HealthView> {
    const nowMs = this.#options.now();
    if (this.#last === undefined || Math.abs(nowMs - this.#last.atMs) >= HEALTH_AGE_MS)
      this.#last = { atMs: nowMs, health: this.#ask(nowMs) };
    return this.#last.health;
  }

  async #ask(checkedAtMs: number): Promise<HealthView> {
    const names = Object.keys(this.#options.probes) as PartHealthView['name'][];
    return { checkedAtMs, parts: await Promise.all(names.map((name) => this.#part(name))) };
  }

  async #part(name: PartHealthView['name']): Promise<PartHealthView> {
    const { probes, now } = this.#options;
    const askedMs = now();
    const state = await probes[name]().catch(
      (): PartState => ({ state: 'down', detail: 'it did not answer in time, or not as expected' }),
    );
    return state.state === 'unknown' ? { name, ...state } : { name, ...state, tookMs: now() - askedMs };
  }
}
