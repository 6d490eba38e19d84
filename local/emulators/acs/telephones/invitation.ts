import type { Phone } from '../../../phone/phone.ts';
import type { Clock } from '../../common/clock.ts';
import type { IdentifierJson } from '../../event-grid/incoming-call.ts';
import {
  type CalleeOutcome,
  type CalleeRinging,
  type Callees,
  type IncomingLeg,
  noCallees,
} from './callees.ts';
import { type Farewell, PhoneLine } from './phone-line.ts';

/** Service limits: a call to the telephone network is given up after 115 s, one to a user of the service after 85 s. */
const PSTN_ESTABLISH_MS = 115_000;
const USER_ESTABLISH_MS = 85_000;

export type InvitationFailure = 'busy' | 'declined' | 'noAnswer' | 'unavailable' | 'cancelled';

export type InvitationEnd =
  | { readonly type: 'answered'; readonly phone: Phone; readonly line: PhoneLine }
  | { readonly type: InvitationFailure };

interface InvitationOptions {
  readonly id: string;
  readonly identifier: IdentifierJson;
  readonly incoming: Omit<IncomingLeg, 'line' | 'hangUp' | 'press' | 'say'>;
  /** Defaults to the limit of the service for this kind of callee. */
  readonly timeoutMs?: number | undefined;
  readonly callees: Callees;
  readonly clock: Clock;
  /** Called once. */
  readonly onEnd: (end: InvitationEnd) => void;
}

/**
 * Somebody's telephone rings. The first end counts:
 *
 * ```
 * ringing ──the callee answers, declines, is busy or unavailable──▶ over
 *    ├─────nobody answers in time─▶ over (noAnswer)
 *    └─────cancel─────────────────▶ over (cancelled)
 * ```
 */
export class Invitation {
  readonly id: string;
  readonly identifier: IdentifierJson;
  readonly #onEnd: (end: InvitationEnd) => void;
  readonly #cancelTimer: () => void;
  readonly #ringing: CalleeRinging;
  #over = false;

  constructor(options: InvitationOptions) {
    const { identifier, callees, clock, incoming } = options;
    this.id = options.id;
    this.identifier = identifier;
    this.#onEnd = options.onEnd;
    this.#cancelTimer = clock.after(options.timeoutMs ?? establishLimitMs(identifier), () =>
      this.#giveUp('noAnswer'),
    );
    const line = new PhoneLine(identifier.rawId);
    // A phone may ask in the middle of a frame of the media clock, which is let finish first.
    const hangUp = (how?: Farewell): void => queueMicrotask(() => line.hangUp(how));
    this.#ringing = ring(callees, identifier, {
      ...incoming,
      line,
      hangUp,
      press: (key) => line.press(key),
      say: (words) => line.say(words),
    });
    void this.#ringing.outcome.then((outcome) => {
      if (outcome.type !== 'answered') this.#end(outcome);
      else if (this.#over) outcome.phone.ended('cancelled');
      else this.#end({ ...outcome, line });
    });
  }

  /** False where it was over already. */
  cancel(): boolean {
    return this.#giveUp('cancelled');
  }

  /** Ends it without calling `onEnd`; the telephone stops ringing. Idempotent. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelTimer();
    this.#ringing.cancel();
  }

  #giveUp(type: 'noAnswer' | 'cancelled'): boolean {
    if (this.#over) return false;
    this.close();
    this.#onEnd({ type });
    return true;
  }

  #end(end: InvitationEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelTimer();
    this.#onEnd(end);
  }
}

/** A telephone that breaks is unavailable. */
function ring(callees: Callees, identifier: IdentifierJson, incoming: IncomingLeg): CalleeRinging {
  try {
    const ringing = callees.ring(identifier, incoming);
    const outcome = ringing.outcome.catch((): CalleeOutcome => ({ type: 'unavailable' }));
    return { outcome, cancel: () => ringing.cancel() };
  } catch {
    return noCallees.ring(identifier, incoming);
  }
}

function establishLimitMs({ rawId }: IdentifierJson): number {
  return rawId.startsWith('4:') ? PSTN_ESTABLISH_MS : USER_ESTABLISH_MS;
}
