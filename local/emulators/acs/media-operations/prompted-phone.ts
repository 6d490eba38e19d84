import type { Phone } from '../../../phone/phone.ts';
import type { PromptReader } from './prompt.ts';

export interface PromptedPhoneListener {
  mediaStarted(phone: PromptedPhone): void;
  mediaStopped(phone: PromptedPhone): void;
  /** This phone has heard the last sample of a prompt. */
  finished(phone: PromptedPhone, prompt: PromptReader): void;
}

/** A phone that hears prompts on top of what the call lets it hear. */
export class PromptedPhone implements Phone {
  readonly rawId: string;
  /** On hold it hears the prompts for those on hold, else all others. */
  onHold = false;
  readonly #phone: Phone;
  readonly #prompts = new Map<PromptReader, { readonly forHold: boolean }>();
  #listener: PromptedPhoneListener | undefined;

  constructor(phone: Phone, listener: PromptedPhoneListener) {
    this.#phone = phone;
    this.#listener = listener;
    this.rawId = phone.rawId;
  }

  play(prompt: PromptReader, forHold: boolean): void {
    this.#prompts.set(prompt, { forHold });
  }

  silence(prompt: PromptReader): void {
    this.#prompts.delete(prompt);
  }

  /** The phone has left this call: it is passed everything as it comes, and tells nothing. */
  detach(): void {
    this.#prompts.clear();
    this.#listener = undefined;
  }

  get othersElsewhere(): boolean | undefined {
    return this.#phone.othersElsewhere;
  }

  mediaStarted(sampleRateHz: number): void {
    this.#listener?.mediaStarted(this);
    this.#phone.mediaStarted(sampleRateHz);
  }

  speak(): Int16Array | undefined {
    return this.#phone.speak();
  }

  hear(samples: Int16Array, fromApplication: number): void {
    if (this.#prompts.size === 0) {
      this.#phone.hear(samples, fromApplication);
      return;
    }
    const mixed = samples.slice();
    for (const [prompt, { forHold }] of this.#prompts) {
      if (forHold === this.onHold) prompt.addTo(mixed);
      // Time passes for those on hold too.
      else prompt.addTo(new Int16Array(mixed.length));
    }
    this.#phone.hear(mixed, fromApplication);
    for (const prompt of [...this.#prompts.keys()]) {
      if (!prompt.finished || !this.#prompts.delete(prompt)) continue;
      this.#listener?.finished(this, prompt);
    }
  }

  hearKey(key: string): void {
    this.#phone.hearKey?.(key);
  }

  mediaStopped(): void {
    this.#phone.mediaStopped();
    this.#listener?.mediaStopped(this);
  }

  ended(reason: string): void {
    this.#phone.ended(reason);
  }
}
