import type { Phone } from '../../../phone/phone.ts';
import type { SpokenWords } from '../../../phone/script-phone.ts';
import type { IdentifierJson } from '../../event-grid/incoming-call.ts';
import type { Room, RoomEnd, RoomLeg } from '../room/room.ts';
import {
  type Farewell,
  type PhoneHost,
  PhoneLine,
  type SharedRoster,
  type Speaker,
} from '../telephones/phone-line.ts';
import type { Participants } from './participants.ts';

/** Somebody who joins a call: on the telephone, or without one, as the application itself. */
export type Arrival = Pick<Speaker, 'identifier'> & Partial<Speaker>;

/** The last who was on the call beside the application, and how they left. */
export interface Leaver {
  readonly rawId: string;
  readonly how: Farewell;
}

/** What the telephones of a call need of its connection. */
interface TelephonesOptions {
  readonly participants: Participants;
  /** The participants that the application speaks for. */
  readonly own: readonly IdentifierJson[];
  /** Somebody the application has called, or found on the call, joins. @returns the telephone that the call uses */
  readonly admitted: (speaker: Speaker) => Phone;
  /** False where neither recognition nor media stream takes it. */
  readonly takeKey: (rawId: string, key: string) => boolean;
  /** False where neither recognition nor transcription takes them. */
  readonly takeWords: (words: SpokenWords) => boolean;
  /** The connection is over, and with it what of the call is its own. */
  readonly hangUp: (cause: RoomEnd, by?: Leaver) => void;
  /** The call that it was about to connect to is over. */
  readonly connectFailed: () => void;
  readonly connecting: () => boolean;
}

/**
 * The telephones of one connection:
 *
 * ```
 *  own ──share: another application connects───────▶ in a room, of which each application has taps
 *  (new) ──join: it connects to what is there already──────▲
 * ```
 * It looks after its own telephones itself. In a room, what happens to a telephone happens for all applications.
 */
export class Telephones implements PhoneHost, RoomLeg {
  readonly #options: TelephonesOptions;
  readonly #participants: Participants;
  #room: Room | undefined;

  constructor(options: TelephonesOptions) {
    this.#options = options;
    this.#participants = options.participants;
  }

  get room(): Room | undefined {
    return this.#room;
  }

  /** In a room it is that of all applications there, and not shared with others. */
  get roster(): SharedRoster | undefined {
    return this.#room === undefined ? this.#participants : undefined;
  }

  get ownIdentifiers(): readonly IdentifierJson[] {
    return this.#options.own;
  }

  /** They become those of the room. */
  share(room: Room): void {
    this.#room = room;
    room.adopt(this, this.#participants.speakers, (rawId, tap) => this.#participants.swap(rawId, tap));
  }

  /** The application connects to a room that is there already. */
  join(room: Room): void {
    this.#room = room;
    room.connect(this);
  }

  /** The application leaves. Nothing happens where it is in no room. */
  disconnect(): void {
    this.#room?.disconnect(this);
  }

  /** Somebody joins. False if that person is here already; the call is then over for the telephone. */
  seat({ identifier, phone, line = new PhoneLine(identifier.rawId) }: Arrival): boolean {
    if (this.#room !== undefined && phone !== undefined) {
      const came = this.#room.join({ identifier, phone, line });
      if (!came) phone.ended('onTheCallAlready');
      return came;
    }
    const joined = this.#participants.join(identifier, phone, line);
    if (!joined) phone?.ended('onTheCallAlready');
    else line.host = this;
    return joined;
  }

  /** As `seat`, for somebody this call has invited. */
  admit(speaker: Speaker): void {
    this.seat({ ...speaker, phone: this.#options.admitted(speaker) });
  }

  /** Takes somebody off the call and ends the telephone with this reason. */
  remove(rawId: string, reason: string): void {
    if (this.#room === undefined) this.#participants.leave(rawId, reason);
    else this.#room.remove(rawId, reason);
  }

  /**
   * Takes somebody off the call without ending the telephone; `silently`: without an event, since the call is about to
   * end.
   */
  release(rawId: string, silently = false): Speaker | undefined {
    if (this.#room !== undefined) return this.#room.take(rawId);
    return silently ? this.#participants.takeSilently(rawId) : this.#participants.take(rawId);
  }

  /** For everybody on the call. */
  mute(rawId: string): void {
    if (this.#room === undefined) this.#participants.mute(rawId, true);
    else this.#room.mute(rawId, true);
  }

  /** Neither hears the call nor is heard, for everybody on it. */
  hold(rawId: string, onHold: boolean): void {
    if (this.#room === undefined) this.#participants.hold(rawId, onHold);
    else this.#room.hold(rawId, this, onHold);
  }

  /** The call is over for everybody. */
  endForAll(cause: RoomEnd): void {
    if (this.#room === undefined) this.#options.hangUp(cause);
    else this.#room.end(cause);
  }

  participantHangsUp(rawId: string, how: Farewell): void {
    const { onThePhone } = this.#participants;
    if (this.#room !== undefined) this.#room.participantHangsUp(rawId);
    else if (!onThePhone.includes(rawId)) return;
    else if (onThePhone.length === 1) this.#options.hangUp('participant', { rawId, how });
    else this.#participants.leave(rawId, 'hungUp');
  }

  participantPressesKey(rawId: string, key: string): boolean {
    return this.#room === undefined ? this.takeKey(rawId, key) : this.#room.participantPressesKey(rawId, key);
  }

  participantSays(words: SpokenWords): boolean {
    return this.#room === undefined ? this.takeWords(words) : this.#room.participantSays(words);
  }

  seatTap(speaker: Speaker): void {
    const { identifier, line } = speaker;
    this.#participants.join(identifier, this.#options.admitted(speaker), line);
  }

  seatApplication(identifier: IdentifierJson): void {
    this.#participants.join(identifier);
  }

  unseat(rawId: string, reason: string): void {
    this.#participants.leave(rawId, reason);
  }

  showMuted(rawId: string, muted: boolean): void {
    this.#participants.mute(rawId, muted);
  }

  showOnHold(rawId: string, onHold: boolean): void {
    this.#participants.hold(rawId, onHold);
  }

  takeKey(rawId: string, key: string): boolean {
    return this.#options.takeKey(rawId, key);
  }

  takeWords(words: SpokenWords): boolean {
    return this.#options.takeWords(words);
  }

  endedForAll(cause: RoomEnd): void {
    if (this.#options.connecting()) this.#options.connectFailed();
    else this.#options.hangUp(cause);
  }
}
