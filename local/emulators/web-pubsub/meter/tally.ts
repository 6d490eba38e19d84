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

export interface ClientTrafficReport {
  /** Messages of groups and of the server: what the service charges for. */
  readonly messages: TallyReport;
  /** Acks, pongs and system messages. */
  readonly protocol: TallyReport;
  /** What the client sent; nothing is charged for it. */
  readonly received: TallyReport;
}

/** The traffic of one client's connection, or of all of a hub. */
export class ClientTraffic {
  readonly messages = new Tally();
  readonly protocol = new Tally();
  readonly received = new Tally();

  get isEmpty(): boolean {
    return this.messages.isEmpty && this.protocol.isEmpty && this.received.isEmpty;
  }

  reset(): void {
    this.messages.reset();
    this.protocol.reset();
    this.received.reset();
  }

  report(): ClientTrafficReport {
    return {
      messages: this.messages.report(),
      protocol: this.protocol.report(),
      received: this.received.report(),
    };
  }
}
