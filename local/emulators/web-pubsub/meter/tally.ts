/** The service counts outbound traffic in units of this many bytes (its billing documentation). */
const UNIT_BYTES = 2_048;

export interface TallyReport {
  readonly messages: number;
  readonly bytes: number;
  /** Units when the bytes are summed first and then divided, as the example of the billing documentation does. */
  readonly units: number;
  /** Units when each message is rounded up to whole units. */
  readonly unitsRoundedUp: number;
}

/** Counts messages and their bytes. */
export class Tally {
  #messages = 0;
  #bytes = 0;
  #unitsRoundedUp = 0;

  add(bytes: number): void {
    this.#messages += 1;
    this.#bytes += bytes;
    this.#unitsRoundedUp += Math.ceil(bytes / UNIT_BYTES);
  }

  get isEmpty(): boolean {
    return this.#messages === 0;
  }

  reset(): void {
    this.#messages = 0;
    this.#bytes = 0;
    this.#unitsRoundedUp = 0;
  }

  report(): TallyReport {
    return {
      messages: this.#messages,
      bytes: this.#bytes,
      units: Math.ceil(this.#bytes / UNIT_BYTES),
      unitsRoundedUp: this.#unitsRoundedUp,
    };
  }
}
