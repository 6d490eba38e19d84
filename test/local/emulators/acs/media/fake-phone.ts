import type { Phone } from '../../../../../local/phone/phone.ts';

/** A phone that says what it is given, frame by frame, and notes everything that happens to it. */
export class FakePhone implements Phone {
  readonly rawId: string;
  readonly events: string[] = [];
  readonly heard: { samples: Int16Array; fromApplication: number }[] = [];
  readonly #toSay: (Int16Array | undefined)[] = [];
  onHear: () => void = () => {};

  constructor(rawId: string) {
    this.rawId = rawId;
  }

  willSay(...frames: (Int16Array | undefined)[]): this {
    this.#toSay.push(...frames);
    return this;
  }

  mediaStarted(sampleRateHz: number): void {
    this.events.push(`started ${sampleRateHz}`);
  }

  speak(): Int16Array | undefined {
    this.events.push('speak');
    return this.#toSay.shift();
  }

  hear(samples: Int16Array, fromApplication: number): void {
    this.events.push('hear');
    this.heard.push({ samples: samples.slice(), fromApplication });
    this.onHear();
  }

  mediaStopped(): void {
    this.events.push('stopped');
  }

  ended(reason: string): void {
    this.events.push(`ended ${reason}`);
  }
}
