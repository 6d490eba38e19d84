import type { BargeInPolicy } from '../../shared/call/plan.ts';

/** How soon a pause looks again whether frames that should have come have come. */
const LOOK_AGAIN_MS = 100;

/** `interrupt`: ends what the worker says for good. `pause`: stops it for now. `resume`: lets it go on. */
export type BargeInAction = 'none' | 'interrupt' | 'pause' | 'resume';

/**
 * The barge-in of one worker in one call. Decides what to do; the caller does it. Pure: time is a parameter.
 *
 *                 speech over the worker, policy `pause`: pause
 *     attending ──────────────────────────────────────────────────▶ paused
 *         ▲                                                            │
 *         ├── the speech was shorter than falseAfterMs: resume ────────┤
 *         ├── it was longer, or no end of it came in time: interrupt ──┤
 *         └── the worker stopped or was stopped (`reset`) ─────────────┘
 *
 * While the frames of the call stay away, nobody knows whether the speech has ended: the pause goes on.
 *
 * In `attending`, speech under `stop` and a key under `dtmf` interrupt; everything else does nothing.
 */
export class BargeIn {
  readonly #policy: BargeInPolicy;
  readonly #endLatencyMs: number;
  #pausedAtMs: number | undefined;

  /** @param endLatencyMs how long after the last sample of speech its end is known at the latest */
  constructor(policy: BargeInPolicy, endLatencyMs: number) {
    this.#policy = policy;
    this.#endLatencyMs = endLatencyMs;
  }

  get isPaused(): boolean {
    return this.#pausedAtMs !== undefined;
  }

  /** When to call `passed`; undefined while there is nothing to wait for. */
  get deadlineMs(): number | undefined {
    if (this.#pausedAtMs === undefined || this.#policy.policy !== 'pause') return undefined;
    return this.#pausedAtMs + this.#policy.falseAfterMs + this.#endLatencyMs;
  }

  /** Somebody begins to speak. `isSpeaking`: the worker says something that has not been heard to its end. */
  speechStarted(isSpeaking: boolean, nowMs: number): BargeInAction {
    if (!isSpeaking || this.isPaused) return 'none';
    switch (this.#policy.policy) {
      case 'stop':
        return 'interrupt';
      case 'pause':
        this.#pausedAtMs = nowMs;
        return 'pause';
      case 'dtmf':
      case 'never':
        return 'none';
    }
  }

  /** Nobody speaks any more; the speech lasted `durationMs`. */
  speechEnded(durationMs: number): BargeInAction {
    if (this.#policy.policy !== 'pause' || !this.isPaused) return 'none';
    this.#pausedAtMs = undefined;
    return durationMs < this.#policy.falseAfterMs ? 'resume' : 'interrupt';
  }

  /** Somebody pressed a key. */
  keyPressed(isSpeaking: boolean): BargeInAction {
    return isSpeaking && this.#policy.policy === 'dtmf' ? 'interrupt' : 'none';
  }

  /** Time has passed. `isHeldUp`: frames that should have come have not. */
  passed(nowMs: number, isHeldUp = false): BargeInAction {
    const { deadlineMs } = this;
    if (this.#pausedAtMs === undefined || deadlineMs === undefined || nowMs < deadlineMs) return 'none';
    if (isHeldUp) {
      this.#pausedAtMs += nowMs + LOOK_AGAIN_MS - deadlineMs;
      return 'none';
    }
    this.#pausedAtMs = undefined;
    return 'interrupt';
  }

  /** What the worker said is over: there is nothing to wait for. */
  reset(): void {
    this.#pausedAtMs = undefined;
  }
}

/** Speech of several participants as one: it lasts while any of them speaks, and counts as long as the longest did. */
export class BargeInSpeech {
  readonly #speaking = new Set<number>();
  #longestMs = 0;

  started(participant: number): void {
    this.#speaking.add(participant);
  }

  /** Returns how long the longest speech was when nobody speaks any more; undefined while somebody does. */
  ended(participant: number, durationMs: number): number | undefined {
    this.#speaking.delete(participant);
    this.#longestMs = Math.max(this.#longestMs, durationMs);
    if (this.#speaking.size > 0) return undefined;
    const longestMs = this.#longestMs;
    this.#longestMs = 0;
    return longestMs;
  }
}
