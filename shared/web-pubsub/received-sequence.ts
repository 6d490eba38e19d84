/**
 * Tracks the numbered messages of a reliable connection: which are repetitions, and when to confirm what has come. The
 * service keeps what is not confirmed, up to 1,000 messages.
 */

const CONFIRM_EVERY_MS = 1_000;
const CONFIRM_EVERY_MESSAGES = 300;

export class ReceivedSequence {
  #last = 0;
  #confirmed = 0;
  #confirmedAtMs = 0;

  /** Returns false for a message that has come before. A message without a number is new. */
  take(sequenceId: number | undefined): boolean {
    if (sequenceId === undefined) return true;
    if (sequenceId <= this.#last) return false;
    this.#last = sequenceId;
    return true;
  }

  /** The number of the last message that came, if it is not confirmed yet; undefined when everything is. */
  get unconfirmed(): number | undefined {
    return this.#last > this.#confirmed ? this.#last : undefined;
  }

  isConfirmationDue(nowMs: number): boolean {
    const messages = this.#last - this.#confirmed;
    return (
      messages >= CONFIRM_EVERY_MESSAGES || (messages > 0 && nowMs - this.#confirmedAtMs >= CONFIRM_EVERY_MS)
    );
  }

  confirmed(nowMs: number): void {
    this.#confirmed = this.#last;
    this.#confirmedAtMs = nowMs;
  }
}
