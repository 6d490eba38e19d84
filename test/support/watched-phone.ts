import type { Phone } from '../../local/phone/phone.ts';

/** What a phone hears of the application, and why its call ended. */
export interface PhoneWatch {
  /** Of each frame so far, how many of its samples at the start came from the application. */
  readonly fromApplication: readonly number[];
  /** Only those samples, one after the other. */
  heardFromApplication(): Int16Array;
  endedReason(): string | undefined;
}

/** Watches a phone from now on. */
export function watchPhone(phone: Phone): PhoneWatch {
  const fromApplication: number[] = [];
  const pieces: Int16Array[] = [];
  let endedReason: string | undefined;
  const { hear, ended } = phone;
  phone.hear = (samples, count) => {
    fromApplication.push(count);
    pieces.push(samples.slice(0, count));
    hear.call(phone, samples, count);
  };
  phone.ended = (reason) => {
    endedReason ??= reason;
    ended.call(phone, reason);
  };
  return {
    fromApplication,
    heardFromApplication: () => {
      const all = new Int16Array(pieces.reduce((sum, { length }) => sum + length, 0));
      let length = 0;
      for (const piece of pieces) {
        all.set(piece, length);
        length += piece.length;
      }
      return all;
    },
    endedReason: () => endedReason,
  };
}
