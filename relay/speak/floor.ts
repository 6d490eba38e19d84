export interface FloorMember {
  /** The member with the higher one speaks first. */
  readonly priority: number;
}

type FloorAnswer<Member> =
  | { readonly type: 'granted' }
  | { readonly type: 'waits' }
  /** Granted too, but taken from `loser`: the caller silences it, and it has to ask again. */
  | { readonly type: 'interrupts'; readonly loser: Member };

/**
 * The right to speak into a call. One member has it at a time. A member of higher priority takes it at once; others
 * wait, the higher before the lower, and equals in the order in which they asked. While the floor is free nobody
 * waits.
 */
export class Floor<Member extends FloorMember> {
  #holder: Member | undefined;
  /** In the order in which they will speak. */
  readonly #waiting: Member[] = [];

  get holder(): Member | undefined {
    return this.#holder;
  }

  /** The members that wait, the next one first. */
  get waiting(): readonly Member[] {
    return this.#waiting;
  }

  /** The member has something to say. It may ask any number of times. */
  request(member: Member): FloorAnswer<Member> {
    const holder = this.#holder;
    if (holder === undefined || holder === member) {
      this.#holder = member;
      return { type: 'granted' };
    }
    if (member.priority > holder.priority) {
      this.#forget(member);
      this.#holder = member;
      return { type: 'interrupts', loser: holder };
    }
    if (!this.#waiting.includes(member)) this.#queue(member);
    return { type: 'waits' };
  }

  /** The member has nothing to say any more. Returns who gets the floor, if that changes. */
  release(member: Member): Member | undefined {
    if (this.#holder !== member) {
      this.#forget(member);
      return undefined;
    }
    this.#holder = this.#waiting.shift();
    return this.#holder;
  }

  /** Whether a member of the holder's priority waits. */
  get isContended(): boolean {
    const next = this.#waiting[0];
    return next !== undefined && next.priority === this.#holder?.priority;
  }

  /** The holder makes way for an equal that waits, and then waits behind its equals itself. Returns that equal. */
  makeWay(member: Member): Member | undefined {
    if (this.#holder !== member || !this.isContended) return undefined;
    this.#holder = this.#waiting.shift();
    this.#queue(member);
    return this.#holder;
  }

  #queue(member: Member): void {
    const behind = this.#waiting.findIndex(({ priority }) => priority < member.priority);
    this.#waiting.splice(behind === -1 ? this.#waiting.length : behind, 0, member);
  }

  #forget(member: Member): void {
    const at = this.#waiting.indexOf(member);
    if (at !== -1) this.#waiting.splice(at, 1);
  }
}
