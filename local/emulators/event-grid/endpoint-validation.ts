import { type Clock, sleep } from '../common/clock.ts';
import type { EventSchema } from './event.ts';
import { shakeHands } from './handshake.ts';
import type { SendOptions } from './post.ts';

/** An endpoint that is still starting is asked again after these delays; the last one repeats. */
const HANDSHAKE_DELAYS_MS = [200, 400, 800, 1_600, 3_000];
/** How long a validation URL stays open. */
const CONFIRMATION_LIMIT_MS = 5 * 60_000;

interface EndpointValidationOptions {
  readonly url: string;
  readonly schema: EventSchema;
  readonly topic: string;
  readonly subscriptionName: string;
  readonly sending: SendOptions;
  readonly newId: () => string;
  /** Gives the URL at which the endpoint's owner can confirm a handshake by hand; its id goes to `confirm`. */
  readonly validationUrl?: ((id: string) => string) | undefined;
  readonly onWarning?: ((sentence: string) => void) | undefined;
}

/** Asks one endpoint for events until it agrees. All events that wait share the one handshake under way. */
export class EndpointValidation {
  readonly #options: EndpointValidationOptions;
  readonly #clock: Clock;
  readonly #closed: AbortSignal;
  readonly #awaitingConfirmation = new Map<string, { readonly untilMs: number; confirm(): void }>();
  #validated = false;
  #validating: Promise<boolean> | undefined;

  constructor(options: EndpointValidationOptions) {
    this.#options = options;
    this.#clock = options.sending.clock;
    this.#closed = options.sending.closed;
  }

  /** Whether the endpoint has agreed, at the latest at the deadline. */
  async agreed(deadlineMs: number): Promise<boolean> {
    for (let tries = 0; !this.#validated; tries++) {
      if (this.#closed.aborted) return false;
      this.#validating ??= this.#handshake().finally(() => {
        this.#validating = undefined;
      });
      if (await this.#validating) return true;
      const delayMs = HANDSHAKE_DELAYS_MS[Math.min(tries, HANDSHAKE_DELAYS_MS.length - 1)] ?? 0;
      if (this.#clock.now() + delayMs > deadlineMs) return false;
      await sleep(this.#clock, delayMs, this.#closed);
    }
    return true;
  }

  /** The validation URL with this id was opened. False when nobody waits for it (any more). */
  confirm(id: string): boolean {
    const waiting = this.#awaitingConfirmation.get(id);
    if (waiting === undefined || waiting.untilMs < this.#clock.now()) return false;
    waiting.confirm();
    return true;
  }

  async #handshake(): Promise<boolean> {
    const { newId, sending, onWarning, ...target } = this.#options;
    const id = newId();
    const validationUrl = target.validationUrl?.(id);
    const confirmed = new AbortController();
    this.#awaitingConfirmation.set(id, {
      untilMs: this.#clock.now() + CONFIRMATION_LIMIT_MS,
      confirm: () => confirmed.abort(),
    });
    try {
      const { url, schema, topic, subscriptionName } = target;
      const result = await shakeHands(
        {
          url,
          schema,
          topic,
          subscriptionName,
          eventId: newId(),
          validationCode: newId(),
          ...(validationUrl === undefined ? {} : { validationUrl }),
        },
        sending,
      );
      if (result.type !== 'accepted' && !this.#closed.aborted) onWarning?.(result.why);
      if (result.type === 'unconfirmed')
        await sleep(this.#clock, CONFIRMATION_LIMIT_MS, AbortSignal.any([confirmed.signal, this.#closed]));
      this.#validated = result.type === 'accepted' || confirmed.signal.aborted;
      return this.#validated;
    } finally {
      this.#awaitingConfirmation.delete(id);
    }
  }
}
