/**
 * What the other side of the call still has to play. ACS begins to play audio when it gets it and plays it in real time,
 * but reports neither a position nor an end, so the relay keeps this account of it.
 * It is an estimate: the network's delay is not in it.
 */
export class PlayoutClock {
  #endMs = Number.NEGATIVE_INFINITY;

  /** When everything that was sent will have been played; in the past when it has been. */
  get endMs(): number {
    return this.#endMs;
  }

  /** `ms` milliseconds of audio were sent: they are played after what is queued already. */
  sent(ms: number, nowMs: number): void {
    this.#endMs = Math.max(nowMs, this.#endMs) + ms;
  }

  /** Milliseconds of audio that are sent and not yet played; 0 when nothing is left to play. */
  queuedMs(nowMs: number): number {
    return Math.max(0, this.#endMs - nowMs);
  }

  /** The queue was emptied (StopAudio). Returns the milliseconds that are not going to be heard. */
  stopped(nowMs: number): number {
    const unheardMs = this.queuedMs(nowMs);
    this.#endMs = Number.NEGATIVE_INFINITY;
    return unheardMs;
  }
}
