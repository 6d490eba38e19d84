import type { Phone } from '../../../phone/phone.ts';

/** A phone that follows a script and remembers the call, PCM16 mono at the rate of the media stream. */
export interface ScriptedPhone extends Phone {
  heard(): Int16Array;
  /** Exactly the frames that were spoken while media was streaming. */
  said(): Int16Array;
}

export interface PhoneScript {
  readonly rawId: string;
  /** What is said, once, from the first frame on. */
  readonly speech?: { readonly samples: Int16Array; readonly sampleRateHz: number };
  /** How long the person listens to silence after the last word before hanging up. */
  readonly tailMs: number;
  /** The person hangs up after this time of streaming at the latest. */
  readonly maxMs: number;
  readonly onHangUp: () => void;
}

export type CreatePhone = (script: PhoneScript) => ScriptedPhone;
