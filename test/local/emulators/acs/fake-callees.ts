import type {
  CalleeOutcome,
  CalleeRinging,
  Callees,
  IncomingLeg,
} from '../../../../local/emulators/acs/telephones/callees.ts';
import type { IdentifierJson } from '../../../../local/emulators/event-grid/incoming-call.ts';
import type { Phone } from '../../../../local/phone/phone.ts';
import { until } from '../../../support/until.ts';

export interface FakePhone extends Phone {
  /** What the phone was told at its end, each time. */
  readonly ends: string[];
  /** What it heard that was not silence. */
  readonly heard: Int16Array[];
}

export interface FakeRinging {
  readonly rawId: string;
  readonly incoming: IncomingLeg;
  readonly cancelled: boolean;
  /** The callee answers with a telephone that says these samples of every frame, or nothing. */
  answer(says?: Int16Array): FakePhone;
  end(type: Exclude<CalleeOutcome['type'], 'answered'>): void;
}

export function fakePhone(rawId: string, says?: Int16Array): FakePhone {
  const ends: string[] = [];
  const heard: Int16Array[] = [];
  return {
    rawId,
    ends,
    heard,
    mediaStarted: () => {},
    speak: () => says,
    hear: (samples) => {
      if (samples.some((sample) => sample !== 0)) heard.push(samples.slice());
    },
    mediaStopped: () => {},
    ended: (reason) => ends.push(reason),
  };
}

/** Telephones that ring until the test says what becomes of them. */
export class FakeCallees implements Callees {
  readonly rings: FakeRinging[] = [];

  knows(): boolean {
    return true;
  }

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
      answer: (says) => {
        const phone = fakePhone(rawId, says);
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
