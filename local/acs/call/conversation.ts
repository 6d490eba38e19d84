import type { IdentifierJson } from '../../event-grid/incoming-call.ts';
import type { Phone } from '../../phone/phone.ts';
import type { Clock } from '../../process/clock.ts';
import type { PhoneHost, PhoneLine } from './phone-line.ts';

/** How long people may talk without the application before the stand-in hangs up for them. */
const CONVERSATION_LIMIT_MS = 30 * 60_000;

export interface Speaker {
  readonly identifier: IdentifierJson;
  readonly phone: Phone;
  readonly line: PhoneLine;
}

/**
 * People who go on talking after the application has left, transferred or redirected them. No media clock runs here: the telephones hear
 * nothing of each other. It is over when fewer than two are left, or after half an hour.
 */
export class Conversation implements PhoneHost {
  readonly #speakers = new Map<string, Speaker>();
  readonly #cancelLimit: () => void;
  readonly #onEnd: () => void;
  #over = false;

  constructor(speakers: readonly Speaker[], clock: Clock, onEnd: () => void = () => {}) {
    this.#onEnd = onEnd;
    for (const speaker of speakers) {
      this.#speakers.set(speaker.identifier.rawId, speaker);
      speaker.line.host = this;
    }
    this.#cancelLimit = clock.after(CONVERSATION_LIMIT_MS, () => this.close());
  }

  participantHangsUp(rawId: string): void {
    const speaker = this.#speakers.get(rawId);
    if (speaker === undefined) return;
    this.#speakers.delete(rawId);
    speaker.phone.ended('hungUp');
    if (this.#speakers.size < 2) this.close();
  }

  /** Hands everybody over to a call that the application joins; the conversation is over without anybody hanging up. */
  take(): readonly Speaker[] {
    const speakers = [...this.#speakers.values()];
    this.#speakers.clear();
    this.close();
    return speakers;
  }

  /** Everybody hangs up. Idempotent. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelLimit();
    for (const { phone } of this.#speakers.values()) phone.ended('hungUp');
    this.#speakers.clear();
    this.#onEnd();
  }
}
