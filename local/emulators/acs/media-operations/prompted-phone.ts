import type { Phone } from '../../../phone/phone.ts';
import { PhoneDecorator } from '../../../phone/phone-decorator.ts';
import type { PromptOptions } from './media-operation.ts';

interface PromptedPhoneListener {
  mediaStarted(phone: PromptedPhone): void;
  mediaStopped(phone: PromptedPhone): void;
  /** This phone has heard the last sample of a prompt. */
  finished(phone: PromptedPhone, prompt: PromptReader): void;
}

/** A prompt on its way to one phone: where in it this phone is. */
export class PromptReader {
  paused = false;
  readonly #samples: Int16Array;
  readonly #loop: boolean;
  #position = 0;

  constructor(samples: Int16Array, loop: boolean) {
    this.#samples = samples;
    this.#loop = loop;
  }

  get finished(): boolean {
    return this.#position >= this.#samples.length && (!this.#loop || this.#samples.length === 0);
  }

  /** Adds the next samples to a frame; what exceeds 16 bits becomes the nearest value that fits. */
  addTo(frame: Int16Array): void {
    for (let i = 0; i < frame.length && !this.finished && !this.paused; i++) {
      if (this.#position >= this.#samples.length) this.#position = 0;
      const sum = (frame[i] ?? 0) + (this.#samples[this.#position] ?? 0);
      frame[i] = Math.max(-32_768, Math.min(32_767, sum));
      this.#position++;
    }
  }
}

/** A phone that hears prompts on top of what the call lets it hear. */
export class PromptedPhone extends PhoneDecorator {
  /** On hold it hears the prompts for those on hold, else all others. */
  onHold = false;
  readonly #prompts = new Map<PromptReader, PromptOptions['heard']>();
  #listener: PromptedPhoneListener | undefined;

  constructor(phone: Phone, listener: PromptedPhoneListener) {
    super(phone);
    this.#listener = listener;
  }

  play(prompt: PromptReader, heard: PromptOptions['heard']): void {
    this.#prompts.set(prompt, heard);
  }

  silence(prompt: PromptReader): void {
    this.#prompts.delete(prompt);
  }

  /** The phone has left this call: everything passes as it comes, and the listener hears no more. */
  detach(): void {
    this.#prompts.clear();
    this.#listener = undefined;
  }

  override mediaStarted(sampleRateHz: number): void {
    this.#listener?.mediaStarted(this);
    super.mediaStarted(sampleRateHz);
  }

  override hear(samples: Int16Array, fromApplication: number): void {
    if (this.#prompts.size === 0) {
      super.hear(samples, fromApplication);
      return;
    }
    const mixed = samples.slice();
    for (const [prompt, heard] of this.#prompts) {
      if (heard === 'on hold too' || (heard === 'for hold') === this.onHold) prompt.addTo(mixed);
      // Time passes for those on hold too.
      else prompt.addTo(new Int16Array(mixed.length));
    }
    super.hear(mixed, fromApplication);
    for (const prompt of [...this.#prompts.keys()]) {
      if (!prompt.finished || !this.#prompts.delete(prompt)) continue;
      this.#listener?.finished(this, prompt);
    }
  }

  override mediaStopped(): void {
    super.mediaStopped();
    this.#listener?.mediaStopped(this);
  }
}
