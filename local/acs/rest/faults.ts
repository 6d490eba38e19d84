/** Answers the next requests with an error although they were performed, as a lost response would look to the client. */
export interface Fault {
  /** HTTP status from 400 to 599. */
  readonly status: number;
  /** How many requests. */
  readonly count: number;
  /** Only requests of this operation, such as `answerCall`; without it, of any. */
  readonly operation?: string | undefined;
  /** Sent as `retry-after-ms`, which the Azure SDKs follow on 429 and 503. */
  readonly retryAfterMs?: number | undefined;
}

const MAX_FAULTS = 100;

export class Faults {
  #armed: Fault[] = [];

  constructor(initial: readonly Fault[] = []) {
    for (const fault of initial) this.arm(fault);
  }

  /** @throws RangeError */
  arm(fault: Fault): void {
    if (!Number.isInteger(fault.status) || fault.status < 400 || fault.status > 599) {
      throw new RangeError(`The status of a fault must be between 400 and 599, not ${fault.status}.`);
    }
    if (!Number.isInteger(fault.count) || fault.count < 1) {
      throw new RangeError(`The count of a fault must be a whole number above 0, not ${fault.count}.`);
    }
    if (this.#armed.length >= MAX_FAULTS) throw new RangeError(`At most ${MAX_FAULTS} faults can be armed.`);
    this.#armed.push(fault);
  }

  /** The fault that hits this request, if any; it counts. */
  take(operation: string): Fault | undefined {
    const index = this.#armed.findIndex((fault) => (fault.operation ?? operation) === operation);
    const fault = this.#armed[index];
    if (fault === undefined) return undefined;
    if (fault.count === 1) this.#armed.splice(index, 1);
    else this.#armed[index] = { ...fault, count: fault.count - 1 };
    return fault;
  }
}
