/** A prompt on its way to one phone: where in it this phone is. */
export class PromptReader {
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
    for (let i = 0; i < frame.length && !this.finished; i++) {
      if (this.#position >= this.#samples.length) this.#position = 0;
      const sum = (frame[i] ?? 0) + (this.#samples[this.#position] ?? 0);
      frame[i] = Math.max(-32_768, Math.min(32_767, sum));
      this.#position++;
    }
  }
}
