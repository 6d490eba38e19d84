import type { SpokenWords } from '../../../phone/script-phone.ts';
import type { Clock } from '../../common/clock.ts';
import type { IdentifierJson } from '../../event-grid/incoming-call.ts';
import type { MediaTicker } from '../media/media-ticker.ts';
import type { PhoneHost, Speaker } from '../telephones/phone-line.ts';
import { RoomSound, type SoundLeg } from './room-sound.ts';
import type { RoomTap } from './room-tap.ts';
import type { SharedPhone } from './shared-phone.ts';

/** How long people may talk without any application before the emulator hangs up for them. */
const CONVERSATION_LIMIT_MS = 30 * 60_000;

/** Why a call is over for all who are on it. */
export type RoomEnd = 'application' | 'participant' | 'removed' | 'transferred' | 'moved';

/** One application's connection to a room, as the room sees it. */
export interface RoomLeg {
  /** The participants that the application speaks for; they have no telephone. */
  readonly ownIdentifiers: readonly IdentifierJson[];
  /** A telephone comes; `phone` is this application's tap of it. */
  seatTap(speaker: Speaker): void;
  seatApplication(identifier: IdentifierJson): void;
  /** Somebody goes. */
  unseat(rawId: string, reason: string): void;
  showMuted(rawId: string, muted: boolean): void;
  showOnHold(rawId: string, onHold: boolean): void;
  /** False where nothing of this application listens. */
  takeKey(rawId: string, key: string): boolean;
  takeWords(words: SpokenWords): boolean;
  /** The call is over for everybody. */
  endedForAll(cause: RoomEnd): void;
}

export interface RoomOptions {
  /** What a server call locator finds it by. */
  readonly serverCallId: string;
  readonly sampleRateHz: number;
  readonly ticker: MediaTicker;
  readonly clock: Clock;
  /** Called once. */
  readonly onEnd: (room: Room) => void;
}

interface Member extends Omit<Speaker, 'phone'> {
  readonly shared: SharedPhone;
}

/**
 * A call in the sense of the service: telephones that talk to one another, and the connections of any number of
 * applications to it. A call of one application becomes a room when another one connects to it, or when the application
 * leaves people talking.
 *
 * ```
 *                 connect                      disconnect of the last, two or more telephones
 *   (new) ──┬───────────────▶ with applications ────────────────────────────────────────────▶ without
 *           │                   │   ▲                                                            │ │
 *           │                   │   └──────────────────────────connect──────────────────────────┘ │
 *           └─telephones alone──┼──▶ without                                                       │
 *                               ▼                                                                  ▼
 *                  over: the last telephone hangs up,                     over: fewer than two telephones,
 *                  an application ends it for all,                        half an hour
 *                  the last application leaves fewer than two telephones
 * ```
 */
export class Room implements PhoneHost {
  readonly serverCallId: string;
  readonly #options: RoomOptions;
  readonly #sound: RoomSound;
  readonly #members = new Map<string, Member>();
  readonly #legs = new Map<RoomLeg, SoundLeg>();
  #cancelLimit: (() => void) | undefined;
  #over = false;

  constructor(options: RoomOptions) {
    this.serverCallId = options.serverCallId;
    this.#options = options;
    const { sampleRateHz, ticker } = options;
    this.#sound = new RoomSound({ sampleRateHz, ticker, onBroken: () => this.end('participant') });
    this.#limit();
  }

  /** Who is on the telephone, in the order of coming. */
  get telephones(): readonly IdentifierJson[] {
    return [...this.#members.values()].map(({ identifier }) => identifier);
  }

  /** Whether somebody of this raw id is there, on the telephone or as an application. */
  includes(rawId: string): boolean {
    return (
      this.#members.has(rawId) ||
      [...this.#legs.keys()].some((leg) => leg.ownIdentifiers.some((own) => own.rawId === rawId))
    );
  }

  /** A telephone comes. False where somebody of this raw id is there already. */
  join(speaker: Speaker): boolean {
    if (this.#over || this.includes(speaker.identifier.rawId)) return false;
    const member = this.#enter(speaker);
    for (const [leg, sound] of this.#legs) leg.seatTap(this.#tapped(member, sound));
    return true;
  }

  /** An application connects; its roster shows everybody, and the other rosters show it. */
  connect(leg: RoomLeg): void {
    const sound = this.#addLeg(leg);
    for (const other of this.#legs.keys()) {
      if (other === leg) continue;
      for (const own of other.ownIdentifiers) leg.seatApplication(own);
      for (const own of leg.ownIdentifiers) other.seatApplication(own);
    }
    for (const member of this.#members.values()) {
      leg.seatTap(this.#tapped(member, sound));
      const { identifier, shared } = member;
      if (shared.muted) leg.showMuted(identifier.rawId, true);
      if (shared.holder !== undefined) leg.showOnHold(identifier.rawId, true);
    }
  }

  /**
   * The call of one application becomes this room: its telephones come, and `swap` puts the application's tap of each
   * in the place of the telephone.
   */
  adopt(
    leg: RoomLeg,
    seats: readonly (Speaker & { readonly muted: boolean; readonly onHold: boolean })[],
    swap: (rawId: string, tap: RoomTap) => void,
  ): void {
    const sound = this.#addLeg(leg);
    for (const { muted, onHold, ...speaker } of seats) {
      const { rawId } = speaker.identifier;
      const member = this.#enter(speaker);
      const tap = this.#sound.tap(sound, member.shared);
      member.shared.muted = muted;
      if (onHold) member.shared.holder = tap;
      swap(rawId, tap);
    }
  }

  /** An application leaves; the others, and two or more telephones, stay. Nothing happens where it is not here. */
  disconnect(leg: RoomLeg): void {
    const sound = this.#legs.get(leg);
    if (sound === undefined) return;
    this.#legs.delete(leg);
    const held = [...this.#members.values()].filter(
      ({ shared, identifier }) =>
        shared.holder !== undefined && shared.holder === sound.taps.get(identifier.rawId),
    );
    this.#sound.removeLeg(sound);
    for (const other of this.#legs.keys()) {
      for (const { rawId } of leg.ownIdentifiers) other.unseat(rawId, 'hungUp');
      for (const { identifier } of held) other.showOnHold(identifier.rawId, false);
    }
    if (this.#legs.size > 0) return;
    if (this.#members.size < 2) this.#close('left');
    else this.#limit();
  }

  /** A telephone goes elsewhere, without having ended. */
  take(rawId: string): Speaker | undefined {
    const member = this.#members.get(rawId);
    if (member === undefined) return undefined;
    this.#members.delete(rawId);
    const phone = this.#sound.remove(member.shared);
    for (const leg of this.#legs.keys()) leg.unseat(rawId, 'taken');
    return phone === undefined ? undefined : { identifier: member.identifier, line: member.line, phone };
  }

  /** Takes a telephone off the call and ends it with this reason. */
  remove(rawId: string, reason: string): void {
    this.take(rawId)?.phone.ended(reason);
  }

  mute(rawId: string, muted: boolean): void {
    const member = this.#members.get(rawId);
    if (member === undefined) return;
    member.shared.muted = muted;
    for (const leg of this.#legs.keys()) leg.showMuted(rawId, muted);
  }

  /** On hold, the telephone hears the application that holds it, and nobody else. */
  hold(rawId: string, by: RoomLeg, onHold: boolean): void {
    const member = this.#members.get(rawId);
    const tap = this.#legs.get(by)?.taps.get(rawId);
    if (member === undefined || tap === undefined) return;
    member.shared.holder = onHold ? tap : undefined;
    for (const leg of this.#legs.keys()) leg.showOnHold(rawId, onHold);
  }

  participantHangsUp(rawId: string): void {
    if (!this.#members.has(rawId)) return;
    if (this.#members.size === 1 && this.#legs.size > 0) {
      this.end('participant');
      return;
    }
    this.remove(rawId, 'hungUp');
    if (this.#members.size < 2 && this.#legs.size === 0) this.#close('hungUp');
  }

  /** Every application hears it; where there is none, the other telephones do. */
  participantPressesKey(rawId: string, key: string): boolean {
    const taken = [...this.#legs.keys()].filter((leg) => leg.takeKey(rawId, key));
    if (this.#legs.size > 0) return taken.length > 0;
    const others = [...this.#members.values()].filter(({ identifier }) => identifier.rawId !== rawId);
    for (const { shared } of others) shared.hearKey(key);
    return others.length > 0;
  }

  participantSays(words: SpokenWords): boolean {
    return [...this.#legs.keys()].filter((leg) => leg.takeWords(words)).length > 0;
  }

  /** The call is over for everybody. Idempotent. */
  end(cause: RoomEnd): void {
    if (this.#over) return;
    const legs = [...this.#legs.keys()];
    this.#close(cause === 'participant' ? 'hungUp' : 'hungUpByApplication');
    for (const leg of legs) leg.endedForAll(cause);
  }

  /** Everybody hangs up, without events, when the process ends. Idempotent. */
  close(): void {
    this.#close('hungUp');
  }

  #close(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelLimit?.();
    for (const sound of this.#legs.values()) this.#sound.removeLeg(sound);
    this.#legs.clear();
    const phones = [...this.#members.values()].map(({ shared }) => this.#sound.remove(shared));
    this.#members.clear();
    this.#sound.close();
    for (const phone of phones) phone?.ended(reason);
    this.#options.onEnd(this);
  }

  #enter({ identifier, phone, line }: Speaker): Member {
    const member: Member = { identifier, line, shared: this.#sound.add(phone) };
    this.#members.set(identifier.rawId, member);
    line.host = this;
    return member;
  }

  #addLeg(leg: RoomLeg): SoundLeg {
    this.#cancelLimit?.();
    this.#cancelLimit = undefined;
    const sound = this.#sound.addLeg();
    this.#legs.set(leg, sound);
    return sound;
  }

  #tapped({ identifier, line, shared }: Member, sound: SoundLeg): Speaker {
    return { identifier, line, phone: this.#sound.tap(sound, shared) };
  }

  #limit(): void {
    this.#cancelLimit = this.#options.clock.after(CONVERSATION_LIMIT_MS, () => this.#close('hungUp'));
  }
}
