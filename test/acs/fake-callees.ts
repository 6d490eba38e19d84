import type { CalleeOutcome, CalleeRinging, Callees, IncomingLeg } from '../../local/acs/call/callees.ts';
import type { IdentifierJson } from '../../local/event-grid/incoming-call.ts';
import type { Phone } from '../../local/phone/phone.ts';
import { until } from '../support/until.ts';

export interface FakePhone extends Phone {
  /** What the phone was told at its end, each time. */
  readonly ends: string[];
}

export interface FakeRinging {
  readonly rawId: string;
  readonly incoming: IncomingLeg;
  readonly cancelled: boolean;
  answer(): FakePhone;
  end(type: Exclude<CalleeOutcome['type'], 'answered'>): void;
}

export function fakePhone(rawId: string): FakePhone {
  const ends: string[] = [];
  return {
    rawId,
    ends,
    mediaStarted: () => {},
    speak: () => undefined,
    hear: () => {},
    mediaStopped: () => {},
    ended: (reason) => ends.push(reason),
  };
}

/** Telephones that ring until the test says what becomes of them. */
export class FakeCallees implements Callees {
  readonly rings: FakeRinging[] = [];

  ring(identifier: IdentifierJson, incoming: IncomingLeg): CalleeRinging {
    const { promise, resolve } = Promise.withResolvers<CalleeOutcome>();
    const { rawId } = identifier;
    let cancelled = false;
    this.rings.push({
      rawId,
      incoming,
      get cancelled() {
        return cancelled;
      },
      answer: () => {
        const phone = fakePhone(rawId);
        resolve({ type: 'answered', phone });
        return phone;
      },
      end: (type) => resolve({ type }),
    });
    return {
      outcome: promise,
      cancel: () => {
        cancelled = true;
      },
    };
  }

  /** The latest ringing of this telephone, as soon as it rings. */
  ringing(rawId: string): Promise<FakeRinging> {
    return until(() => this.rings.findLast((ring) => ring.rawId === rawId), `${rawId} to ring`);
  }
}
