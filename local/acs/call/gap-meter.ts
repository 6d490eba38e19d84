/** The holes in what a person hears of an application: samples between its first audio and its last for which it had sent none. */
export class GapMeter {
  #begun = false;
  #gapSamples = 0;
  #longestSamples = 0;
  #allSamples = 0;

  /** One frame of which the first `fromApplication` samples were sent by the application. */
  add(samples: number, fromApplication: number): void {
    if (fromApplication > 0) {
      // A hole counts once it is over: silence after the last audio is no hole.
      if (this.#begun) {
        this.#longestSamples = Math.max(this.#longestSamples, this.#gapSamples);
        this.#allSamples += this.#gapSamples;
      }
      this.#begun = true;
      this.#gapSamples = 0;
    }
    this.#gapSamples += samples - fromApplication;
  }

  get longestSamples(): number {
    return this.#longestSamples;
  }

  /** All holes together. */
  get allSamples(): number {
    return this.#allSamples;
  }
}
