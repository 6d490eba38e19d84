import { HubMeter, type HubMeterReport } from './hub-meter.ts';

/** Counts what a bill would count, for every hub, so that a test can tell what a call costs. */
export class Meter {
  readonly #hubs = new Map<string, HubMeter>();

  hub(name: string): HubMeter {
    const known = this.#hubs.get(name);
    if (known !== undefined) return known;
    const created = new HubMeter();
    this.#hubs.set(name, created);
    return created;
  }

  report(): { readonly hubs: Readonly<Record<string, HubMeterReport>> } {
    return { hubs: Object.fromEntries([...this.#hubs].map(([name, meter]) => [name, meter.report()])) };
  }

  reset(): void {
    for (const meter of this.#hubs.values()) meter.reset();
  }
}
