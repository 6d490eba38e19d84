import type { Phone } from '../../../phone/phone.ts';
import type { StreamFormat } from './inbound-codec.ts';
import type { PlayoutFrame } from './playout-queue.ts';

/** What one participant says in one frame; undefined samples are silence. */
export interface SpokenFrame {
  readonly rawId: string;
  readonly samples: Int16Array | undefined;
}

/**
 * The phones of one call, frame by frame: first everybody speaks, then everybody hears the playout and the others.
 * Follows people who join and leave the list of phones between two frames.
 */
export class Conference {
  readonly #phones: readonly Phone[];
  readonly #format: StreamFormat;
  readonly #onAir = new Map<Phone, Int16Array | undefined>();
  /** The sum of the latest frame; not kept up while one phone is alone, whose own samples are the sum. */
  readonly #total: Int32Array;
  readonly #silence: Int16Array;

  /** The list is the caller's and may change. */
  constructor(phones: readonly Phone[], format: StreamFormat) {
    this.#phones = phones;
    this.#format = format;
    this.#total = new Int32Array(format.frameSamples);
    this.#silence = new Int16Array(format.frameSamples);
  }

  /** Media has started, for every phone. */
  start(): void {
    this.#followPhones();
  }

  /** Asks every phone for its next frame. Throws RangeError when one answers with anything but one frame. */
  speak(): readonly SpokenFrame[] {
    this.#followPhones();
    const several = this.#onAir.size > 1;
    if (several) this.#total.fill(0);
    const frames: SpokenFrame[] = [];
    for (const phone of this.#onAir.keys()) {
      const samples = phone.speak();
      if (samples !== undefined) {
        if (samples.length !== this.#format.frameSamples)
          throw new RangeError(
            `a phone must say ${this.#format.frameSamples} samples at a time, not ${samples.length}`,
          );
        if (several) addInto(this.#total, samples);
      }
      this.#onAir.set(phone, samples);
      frames.push({ rawId: phone.rawId, samples });
    }
    return frames;
  }

  /**
   * Everything said in the latest frame, as mixed audio carries it. Valid until the next frame, and not to be changed.
   */
  mixed(): Int16Array {
    if (this.#onAir.size > 1) return saturate(this.#total);
    const [only] = this.#onAir.values();
    return only ?? this.#silence;
  }

  /**
   * Lets every phone hear the playout and what the others said in the latest frame. Stops early once media is stopped.
   */
  hear(playout: PlayoutFrame): void {
    if (this.#onAir.size === 1) {
      // Most calls have one phone: nothing is added up, and nothing is copied.
      for (const phone of this.#onAir.keys()) phone.hear(playout.samples, playout.fromApplication);
      return;
    }
    for (const [phone, own] of [...this.#onAir]) {
      if (!this.#onAir.has(phone)) continue;
      if (phone.othersElsewhere === true) phone.hear(playout.samples, playout.fromApplication);
      else phone.hear(this.#heardBy(own, playout.samples), playout.fromApplication);
    }
  }

  /** Media has stopped: for every phone for which it had started. */
  stop(): void {
    const phones = [...this.#onAir.keys()];
    this.#onAir.clear();
    for (const phone of phones) phone.mediaStopped();
  }

  /** An array of the phone's own, which it may keep. */
  #heardBy(own: Int16Array | undefined, playout: Int16Array): Int16Array {
    const sum = this.#total.slice();
    if (own !== undefined) addInto(sum, own, -1);
    addInto(sum, playout);
    return saturate(sum);
  }

  #followPhones(): void {
    for (const phone of this.#onAir.keys()) {
      if (this.#phones.includes(phone)) continue;
      this.#onAir.delete(phone);
      phone.mediaStopped();
    }
    for (const phone of this.#phones) {
      if (this.#onAir.has(phone)) continue;
      this.#onAir.set(phone, undefined);
      phone.mediaStarted(this.#format.sampleRateHz);
    }
  }
}

// Sums are kept in 32 bits and clipped once, at the end.

/** Adds `factor` times the samples to the sum. */
export function addInto(sum: Int32Array, samples: Int16Array, factor: 1 | -1 = 1): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + factor * (samples[i] ?? 0);
}

/** The sum as PCM16: what exceeds 16 bits becomes the nearest value that fits. */
export function saturate(sum: Int32Array): Int16Array {
  const samples = new Int16Array(sum.length);
  for (let i = 0; i < sum.length; i++) samples[i] = Math.max(-32_768, Math.min(32_767, sum[i] ?? 0));
  return samples;
}
