import type { IdentifierJson } from '../../event-grid/incoming-call.ts';
import type { Phone } from '../../phone/phone.ts';
import { GatedPhone } from './gated-phone.ts';
import { type Roster, type RosterEntry, type RosterInput, stepRoster } from './roster.ts';

/** Somebody on the call. The application's own leg and whoever it speaks for have no phone. */
export interface Participant extends RosterEntry {
  readonly phone?: Phone | undefined;
}

/** Everybody on one call, with their phones. `onChange` hears of every change of the roster, after it. */
export class Participants {
  /** The phones on the line; the media stream reads this list at every frame. */
  readonly phones: Phone[] = [];
  readonly #gates = new Map<string, GatedPhone>();
  readonly #onChange: () => void;
  #roster: Roster = [];

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** In the order of joining. */
  get all(): readonly Participant[] {
    return this.#roster.map((entry) => ({
      ...entry,
      phone: this.#gates.get(entry.identifier.rawId),
    }));
  }

  find(rawId: string): Participant | undefined {
    return this.all.find(({ identifier }) => identifier.rawId === rawId);
  }

  /** False where somebody of this raw id is on the call already. */
  join(identifier: IdentifierJson, phone?: Phone): boolean {
    if (this.find(identifier.rawId) !== undefined) return false;
    if (phone !== undefined) {
      const gate = new GatedPhone(phone);
      this.#gates.set(identifier.rawId, gate);
      this.phones.push(gate);
    }
    return this.#apply({ type: 'join', identifier });
  }

  /** Takes somebody off the call and tells the phone why. False where nobody of this raw id is there. */
  leave(rawId: string, reason: string): boolean {
    const gate = this.#gates.get(rawId);
    if (gate !== undefined) this.#hangUp(gate, reason);
    return this.#apply({ type: 'leave', rawId });
  }

  /** Takes a phone off this call without ending it, to carry it to another call. */
  take(rawId: string): Participant | undefined {
    const participant = this.find(rawId);
    const gate = this.#gates.get(rawId);
    if (gate !== undefined) this.#remove(gate);
    this.#apply({ type: 'leave', rawId });
    return participant;
  }

  /** False where nothing changed. */
  mute(rawId: string, muted: boolean): boolean {
    const gate = this.#gates.get(rawId);
    if (gate !== undefined) gate.muted = muted;
    return this.#apply({ type: 'mute', rawId, muted });
  }

  /** On hold a phone neither hears the call nor is heard. False where nothing changed. */
  hold(rawId: string, onHold: boolean): boolean {
    const gate = this.#gates.get(rawId);
    if (gate !== undefined) gate.onHold = onHold;
    return this.#apply({ type: 'hold', rawId, onHold });
  }

  /** Tells every phone that the call is over; the roster stays readable. Idempotent. */
  end(reason: string): void {
    for (const gate of [...this.#gates.values()]) this.#hangUp(gate, reason);
  }

  #hangUp(gate: GatedPhone, reason: string): void {
    this.#remove(gate);
    gate.ended(reason);
  }

  #remove(gate: GatedPhone): void {
    this.#gates.delete(gate.rawId);
    const index = this.phones.indexOf(gate);
    if (index >= 0) this.phones.splice(index, 1);
  }

  #apply(input: RosterInput): boolean {
    const roster = stepRoster(this.#roster, input);
    if (roster === this.#roster) return false;
    this.#roster = roster;
    this.#onChange();
    return true;
  }
}
