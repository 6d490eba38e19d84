import { ScriptPhone } from '../../../phone/script-phone.ts';
import type { Step } from '../../../phone/step.ts';
import type { Clock } from '../../common/clock.ts';
import type { IdentifierJson } from '../../event-grid/incoming-call.ts';
import type { CalleeOutcome, CalleeRinging, Callees, IncomingLeg } from '../telephones/callees.ts';

/** Telephones that one book holds. */
export const MAX_CALLEES = 1_000;

/** How somebody takes a call. A voicemail answers like a person, with a greeting for its first step. */
export interface CalleeScript {
  /** Such as `4:+14255550123`. */
  readonly rawId: string;
  /** `noAnswer` rings until the caller gives up. */
  readonly takes: 'answers' | 'busy' | 'declines' | 'noAnswer' | 'unavailable';
  /** How long it rings before that. */
  readonly afterMs: number;
  readonly steps: readonly Step[];
  /** Once answered, it hangs up after so much time on the call. */
  readonly maxMs: number;
}

/** Lets a telephone ring that is not in the book. */
export type Ring = (incoming: IncomingLeg) => CalleeRinging;

/** The telephones that a call of the application can reach; a number that is not in the book is unavailable. */
export class CalleeBook implements Callees {
  readonly #clock: Clock;
  readonly #scripts = new Map<string, CalleeScript>();
  readonly #phones = new Map<string, ScriptPhone>();
  readonly #rings = new Map<string, number>();
  readonly #claims = new Map<string, Ring>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Enters somebody, in place of who had this id before. @throws RangeError when the book is full */
  enter(script: CalleeScript): void {
    if (!this.#scripts.has(script.rawId) && this.#scripts.size >= MAX_CALLEES)
      throw new RangeError(`a book of callees holds ${MAX_CALLEES} telephones`);
    this.#scripts.set(script.rawId, script);
  }

  /**
   * From now on this telephone rings under this id, before one of the book, until the returned function is called.
   * Undefined where another one has claimed it.
   */
  claim(rawId: string, ring: Ring): (() => void) | undefined {
    if (this.#claims.has(rawId)) return undefined;
    this.#claims.set(rawId, ring);
    return () => {
      if (this.#claims.get(rawId) === ring) this.#claims.delete(rawId);
    };
  }

  /** How often the telephone of this id has rung; undefined where there is none. */
  rings(rawId: string): number | undefined {
    return this.knows(rawId) ? (this.#rings.get(rawId) ?? 0) : undefined;
  }

  /** The phone that answered last under this id. */
  phone(rawId: string): ScriptPhone | undefined {
    return this.#phones.get(rawId);
  }

  knows(rawId: string): boolean {
    return this.#claims.has(rawId) || this.#scripts.has(rawId);
  }

  ring({ rawId }: IdentifierJson, incoming: IncomingLeg): CalleeRinging {
    const claim = this.#claims.get(rawId);
    const script = this.#scripts.get(rawId);
    const ring = claim ?? (script && ((leg: IncomingLeg) => this.#follow(script, leg)));
    if (ring === undefined) return { outcome: Promise.resolve({ type: 'unavailable' }), cancel: () => {} };
    this.#rings.set(rawId, (this.#rings.get(rawId) ?? 0) + 1);
    return ring(incoming);
  }

  #follow(script: CalleeScript, incoming: IncomingLeg): CalleeRinging {
    const { promise, resolve } = Promise.withResolvers<CalleeOutcome>();
    if (script.takes === 'noAnswer') return { outcome: promise, cancel: () => resolve({ type: 'noAnswer' }) };
    const stop = this.#clock.after(script.afterMs, () => resolve(this.#take(script, incoming)));
    return {
      outcome: promise,
      cancel: () => {
        stop();
        resolve({ type: 'noAnswer' });
      },
    };
  }

  #take({ rawId, steps, maxMs, takes }: CalleeScript, incoming: IncomingLeg): CalleeOutcome {
    if (takes !== 'answers') return { type: takes === 'declines' ? 'declined' : takes };
    const phone = new ScriptPhone({
      rawId,
      steps,
      maxMs,
      // Phones ask in the middle of a frame of the media clock, which is let finish first.
      onHangUp: () => queueMicrotask(incoming.hangUp),
      onPress: incoming.press,
      onWords: incoming.say,
    });
    this.#phones.set(rawId, phone);
    return { type: 'answered', phone };
  }
}
