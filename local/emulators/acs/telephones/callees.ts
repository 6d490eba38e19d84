import type { Phone } from '../../../phone/phone.ts';
import type { SpokenWords } from '../../../phone/script-phone.ts';
import type { IdentifierJson } from '../../event-grid/incoming-call.ts';
import type { Farewell, PhoneLine } from './phone-line.ts';

/** What the telephone of a callee shows while it rings, and what it can do once it has answered. */
export interface IncomingLeg {
  /** The caller that the telephone shows; undefined if the application gave none. */
  readonly from: IdentifierJson | undefined;
  readonly displayName: string | undefined;
  readonly callConnectionId: string;
  readonly serverCallId: string;
  readonly correlationId: string;
  /** Absent where the kind of call brings no headers along. */
  readonly sipHeaders?: Readonly<Record<string, string>> | undefined;
  readonly voipHeaders?: Readonly<Record<string, string>> | undefined;
  /** The line of the telephone, once it has answered. */
  readonly line: PhoneLine;
  /** The callee hangs up, once it has answered. Idempotent. */
  readonly hangUp: (how?: Farewell) => void;
  /** The callee presses a key (0-9, A-D, `*`, `#`), once it has answered. False where nothing takes it. */
  readonly press: (key: string) => boolean;
  /** The callee has said these words, once it has answered. False where nothing takes them. */
  readonly say: (words: SpokenWords) => boolean;
}

/** How ringing ends. A voicemail is `answered`, by a phone that speaks. */
export type CalleeOutcome =
  | { readonly type: 'answered'; readonly phone: Phone }
  | { readonly type: 'busy' | 'declined' | 'noAnswer' | 'unavailable' };

export interface CalleeRinging {
  /**
   * Settles once; a rejection counts as unavailable. May stay pending for ever where nobody picks up: the caller has
   * its own limit.
   */
  readonly outcome: Promise<CalleeOutcome>;
  /**
   * The caller has given up: the time is over or the invitation was cancelled. Idempotent; an outcome afterwards is
   * ignored.
   */
  cancel(): void;
}

/** The telephones that a call of the application can reach. */
export interface Callees {
  /** Whether there is a telephone of this raw id. */
  knows(rawId: string): boolean;
  ring(identifier: IdentifierJson, incoming: IncomingLeg): CalleeRinging;
}

/** Nobody can be reached. */
export const noCallees: Callees = {
  knows: () => false,
  ring: () => ({ outcome: Promise.resolve({ type: 'unavailable' }), cancel: () => {} }),
};
