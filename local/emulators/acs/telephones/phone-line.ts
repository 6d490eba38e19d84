import type { Phone } from '../../../phone/phone.ts';
import type { SpokenWords } from '../../../phone/script-phone.ts';
import type { IdentifierJson } from '../../event-grid/incoming-call.ts';

/** How somebody leaves a call; an application that speaks for them may end the call for all, or take them off it. */
export type Farewell = 'left' | 'endedForAll' | 'removed';

/** One person or application on a call, as `CallParticipant` shows it. */
export interface RosterEntry {
  readonly identifier: IdentifierJson;
  readonly isMuted: boolean;
  readonly isOnHold: boolean;
}

/** A roster that can show the people of another one. `link` tells the links of a roster apart. */
export interface SharedRoster {
  /** @returns a function that ends it */
  watch(changed: () => void): () => void;
  /** Everybody but those who are shown because of this link. */
  besides(link: object): readonly RosterEntry[];
  /** Shows these, and no longer those of this link who are not among them. */
  show(link: object, entries: readonly RosterEntry[]): void;
}

/** What a telephone is connected to: a call of the application, or a room with several applications or none. */
export interface PhoneHost {
  /** Who is there, where other applications may see it. */
  readonly roster?: SharedRoster | undefined;
  /** The person hangs up. Nothing happens where nobody of this raw id is there. */
  participantHangsUp(rawId: string, how: Farewell): void;
  /** The person presses a key (0-9, A-D, `*`, `#`). False where nothing takes it. */
  participantPressesKey(rawId: string, key: string): boolean;
  /** The person said these words. False where nothing takes them. */
  participantSays(words: SpokenWords): boolean;
}

/**
 * The line of one telephone. It follows the telephone from call to call, so that the person always reaches the other
 * end.
 */
export class PhoneLine {
  readonly rawId: string;
  /** Called whenever the telephone is connected to something else. */
  moved: (() => void) | undefined;
  #host: PhoneHost | undefined;

  constructor(rawId: string) {
    this.rawId = rawId;
  }

  /** Undefined before the telephone is connected. */
  get host(): PhoneHost | undefined {
    return this.#host;
  }

  set host(host: PhoneHost) {
    this.#host = host;
    this.moved?.();
  }

  /** Idempotent. */
  hangUp(how: Farewell = 'left'): void {
    this.host?.participantHangsUp(this.rawId, how);
  }

  /** False where nothing takes the key. */
  press(key: string): boolean {
    return this.host?.participantPressesKey(this.rawId, key) === true;
  }

  /** False where nothing takes the words. */
  say(words: SpokenWords): boolean {
    return this.host?.participantSays(words) === true;
  }
}

/** Somebody with a telephone, and the line that it hangs on. */
export interface Speaker {
  readonly identifier: IdentifierJson;
  readonly phone: Phone;
  readonly line: PhoneLine;
}
