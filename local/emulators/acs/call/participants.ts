import type { Phone } from '../../../phone/phone.ts';
import type { IdentifierJson } from '../../event-grid/incoming-call.ts';
import { PhoneLine, type RosterEntry, type SharedRoster, type Speaker } from '../telephones/phone-line.ts';
import { GatedPhone, PhoneSlot } from '../telephones/phone-slot.ts';

/** Somebody on the call. The application's own leg has no phone, nor have the people it speaks for. */
export interface PersonOnCall extends RosterEntry {
  readonly phone?: Phone | undefined;
}

/** Puts something between a call and the telephones on it, such as prompts. */
export interface PhoneWrapper {
  /** The phone as the call is to use it from now on. */
  wrap(phone: Phone): Phone;
  /** The phone has left the call. */
  remove(rawId: string): void;
}

interface Seat {
  readonly gate: GatedPhone;
  /** Of the phone as it was given, without the wrapper of this call. */
  readonly slot: PhoneSlot;
  readonly line: PhoneLine;
}

/** Everybody on one call, with their phones. `onChange` hears of every change of the roster, after it. */
export class Participants implements SharedRoster {
  /** The phones on the line; the media stream reads this list at every frame. */
  readonly phones: Phone[] = [];
  readonly #seats = new Map<string, Seat>();
  readonly #onChange: () => void;
  readonly #wrapper: PhoneWrapper | undefined;
  readonly #watchers = new Set<() => void>();
  /** Raw ids of those who are on this roster because another application shows them, by the link to it. */
  readonly #shown = new Map<object, ReadonlySet<string>>();
  #roster: Roster = [];

  constructor(onChange: () => void, wrapper?: PhoneWrapper) {
    this.#onChange = onChange;
    this.#wrapper = wrapper;
  }

  /** In the order of joining. */
  get all(): readonly PersonOnCall[] {
    return this.#roster.map((entry) => ({
      ...entry,
      phone: this.#seats.get(entry.identifier.rawId)?.gate,
    }));
  }

  find(rawId: string): PersonOnCall | undefined {
    return this.all.find(({ identifier }) => identifier.rawId === rawId);
  }

  /** Raw ids of those who have a phone. */
  get onThePhone(): readonly string[] {
    return [...this.#seats.keys()];
  }

  /** False where somebody of this raw id is on the call already. */
  join(identifier: IdentifierJson, phone?: Phone, line = new PhoneLine(identifier.rawId)): boolean {
    if (this.find(identifier.rawId) !== undefined) return false;
    if (phone !== undefined) {
      const slot = new PhoneSlot(phone);
      const gate = new GatedPhone(this.#wrapper?.wrap(slot) ?? slot);
      this.#seats.set(identifier.rawId, { gate, slot, line });
      this.phones.push(gate);
    }
    return this.#apply({ type: 'join', identifier });
  }

  /** Takes somebody off the call and ends the phone with this reason. False if nobody of this raw id is there. */
  leave(rawId: string, reason: string): boolean {
    this.#vacate(rawId)?.gate.ended(reason);
    return this.#apply({ type: 'leave', rawId });
  }

  /**
   * Takes somebody off the call without ending the phone, to carry it elsewhere. Undefined where there is no such
   * phone.
   */
  take(rawId: string): Speaker | undefined {
    const speaker = this.takeSilently(rawId);
    if (speaker !== undefined) this.#apply({ type: 'leave', rawId });
    return speaker;
  }

  /** As `take`, when the call is about to end: the roster stays as it is. */
  takeSilently(rawId: string): Speaker | undefined {
    const identifier = this.find(rawId)?.identifier;
    const seat = this.#vacate(rawId);
    const phone = seat?.slot.current;
    if (seat === undefined || phone === undefined || identifier === undefined) return undefined;
    seat.gate.release();
    return { identifier, phone, line: seat.line };
  }

  /** Everybody with a telephone, as they sit there. */
  get speakers(): readonly (Speaker & { readonly muted: boolean; readonly onHold: boolean })[] {
    return this.#roster.flatMap(({ identifier, isMuted, isOnHold }) => {
      const seat = this.#seats.get(identifier.rawId);
      const phone = seat?.slot.current;
      if (seat === undefined || phone === undefined) return [];
      return [{ identifier, phone, line: seat.line, muted: isMuted, onHold: isOnHold }];
    });
  }

  /** Puts another phone in the place of somebody's, while prompts and media go on. */
  swap(rawId: string, phone: Phone): void {
    this.#seats.get(rawId)?.slot.replace(phone);
  }

  /** False where nothing changed. */
  mute(rawId: string, muted: boolean): boolean {
    const seat = this.#seats.get(rawId);
    if (seat !== undefined) seat.gate.muted = muted;
    return this.#apply({ type: 'mute', rawId, muted });
  }

  /** On hold a phone neither hears the call nor is heard. False where nothing changed. */
  hold(rawId: string, onHold: boolean): boolean {
    const seat = this.#seats.get(rawId);
    if (seat !== undefined) seat.gate.onHold = onHold;
    return this.#apply({ type: 'hold', rawId, onHold });
  }

  /** Only in the roster. */
  showOnHold(rawId: string, onHold: boolean): void {
    this.#apply({ type: 'hold', rawId, onHold });
  }

  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  besides(link: object): Roster {
    return this.#roster.filter(({ identifier }) => this.#shown.get(link)?.has(identifier.rawId) !== true);
  }

  /** Whether somebody is here only because another application shows them. */
  isShown(rawId: string): boolean {
    return [...this.#shown.values()].some((rawIds) => rawIds.has(rawId));
  }

  show(link: object, entries: Roster): void {
    const before = this.#shown.get(link) ?? new Set();
    const known = (rawId: string): boolean => find(this.#roster, rawId) !== undefined;
    const rawIds = entries.map(({ identifier }) => identifier.rawId);
    // Before anything changes: a change makes the other roster look at this one.
    this.#shown.set(link, new Set(rawIds.filter((rawId) => before.has(rawId) || !known(rawId))));
    for (const { identifier, isMuted, isOnHold } of entries) {
      const { rawId } = identifier;
      this.#apply({ type: 'join', identifier });
      this.#apply({ type: 'mute', rawId, muted: isMuted });
      this.#apply({ type: 'hold', rawId, onHold: isOnHold });
    }
    for (const rawId of before) if (!rawIds.includes(rawId)) this.#apply({ type: 'leave', rawId });
  }

  /** Ends every phone; the roster stays readable. Idempotent. */
  end(reason: string): void {
    for (const rawId of this.onThePhone) this.#vacate(rawId)?.gate.ended(reason);
  }

  #vacate(rawId: string): Seat | undefined {
    const seat = this.#seats.get(rawId);
    if (seat === undefined) return undefined;
    this.#seats.delete(rawId);
    const index = this.phones.indexOf(seat.gate);
    if (index >= 0) this.phones.splice(index, 1);
    this.#wrapper?.remove(rawId);
    return seat;
  }

  #apply(input: RosterInput): boolean {
    const roster = stepRoster(this.#roster, input);
    if (roster === this.#roster) return false;
    this.#roster = roster;
    this.#onChange();
    for (const changed of [...this.#watchers]) changed();
    return true;
  }
}

/** Everybody on a call, in the order of joining. */
export type Roster = readonly RosterEntry[];

export type RosterInput =
  | { readonly type: 'join'; readonly identifier: IdentifierJson }
  | { readonly type: 'leave'; readonly rawId: string }
  | { readonly type: 'mute'; readonly rawId: string; readonly muted: boolean }
  | { readonly type: 'hold'; readonly rawId: string; readonly onHold: boolean };

/**
 * One change of who is on a call:
 *
 * ```
 * absent ──join──▶ present (muted: yes/no, on hold: yes/no) ──leave──▶ absent
 * ```
 * What changes nothing (a second join, somebody who is not there, muting the muted) gives the same roster back.
 */
export function stepRoster(roster: Roster, input: RosterInput): Roster {
  switch (input.type) {
    case 'join': {
      if (find(roster, input.identifier.rawId) !== undefined) return roster;
      return [...roster, { identifier: input.identifier, isMuted: false, isOnHold: false }];
    }
    case 'leave': {
      const rest = roster.filter(({ identifier }) => identifier.rawId !== input.rawId);
      return rest.length === roster.length ? roster : rest;
    }
    case 'mute':
      return replace(roster, input.rawId, { isMuted: input.muted });
    case 'hold':
      return replace(roster, input.rawId, { isOnHold: input.onHold });
  }
}

function replace(roster: Roster, rawId: string, change: Partial<RosterEntry>): Roster {
  const entry = find(roster, rawId);
  if (entry === undefined) return roster;
  const next = { ...entry, ...change };
  if (next.isMuted === entry.isMuted && next.isOnHold === entry.isOnHold) return roster;
  return roster.map((other) => (other === entry ? next : other));
}

function find(roster: Roster, rawId: string): RosterEntry | undefined {
  return roster.find(({ identifier }) => identifier.rawId === rawId);
}
