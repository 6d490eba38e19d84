/**
 * Checks what was published in a call's control group. Every lane of the call brings a copy: the inbox passes each
 * message on once, in order.
 */

import type { Clock } from '../../shared/base/clock.ts';
import {
  CALL_CONTROL_LIFETIME_MS,
  type CallControlMessage,
  readCallControl,
} from '../../shared/wire/relay/call-control-messages.ts';
import { TokenError } from '../../shared/wire/signed/verify-signed.ts';

/** Messages that may wait for their check. Further ones are ignored. */
const MAX_WAITING = 256;
/** Messages that the inbox remembers, each as long as it is valid. While it holds this many, it ignores new ones. */
const MAX_REMEMBERED = 1_024;

export interface ControlInboxOptions {
  readonly callId: string;
  /** The ticket keys, the current one first. */
  readonly keys: readonly string[];
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly onMessage: (message: CallControlMessage) => void;
  /** Counts what was not used, by a fixed text. */
  readonly onIgnored: (reason: string) => void;
}

export class ControlInbox {
  readonly #options: ControlInboxOptions;
  /** When each message that was passed on stops being valid. */
  readonly #seen = new Map<string, number>();
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(options: ControlInboxOptions) {
    this.#options = options;
  }

  receive(value: unknown): void {
    if (this.#waiting >= MAX_WAITING) {
      this.#options.onIgnored('control: too many messages');
      return;
    }
    this.#waiting += 1;
    this.#last = this.#last.then(() => this.#handle(value));
  }

  async #handle(value: unknown): Promise<void> {
    const { callId, keys, clock, onMessage, onIgnored } = this.#options;
    try {
      const { id, message } = await readCallControl(value, callId, keys, clock.nowMs());
      if (this.#isNew(id)) onMessage(message);
    } catch (error) {
      onIgnored(error instanceof TokenError ? `control: ${error.reason}` : 'control: failed');
    } finally {
      this.#waiting -= 1;
    }
  }

  #isNew(id: string): boolean {
    const nowMs = this.#options.clock.nowMs();
    for (const [old, untilMs] of this.#seen) if (untilMs <= nowMs) this.#seen.delete(old);
    // Every lane of the call brings a copy.
    if (this.#seen.has(id)) return false;
    if (this.#seen.size >= MAX_REMEMBERED) {
      this.#options.onIgnored('control: too many messages');
      return false;
    }
    this.#seen.set(id, nowMs + CALL_CONTROL_LIFETIME_MS.longest);
    return true;
  }
}
