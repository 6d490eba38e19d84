import type { BargeInPolicy } from '../../shared/call/plan.ts';

/** `interrupt`: what is said ends for good. `pause` and `resume`: it is stopped, to go on. */
export type BargeInAction = 'none' | 'interrupt' | 'pause' | 'resume';

/**
 * The barge-in of one worker in one call. Says what is to be done; whoever asks does it, and says what time it is.
 *
 *                 speech over what is said, policy `pause`: pause
 *     attending ──────────────────────────────────────────────────▶ paused
 *         ▲                                                            │
 *         ├── the speech was shorter than falseAfterMs: resume ────────┤
 *         ├── it was longer, or no end of it came in time: interrupt ──┤
 *         └── ended by somebody else (`reset`) ────────────────────────┘
 *
 * In `attending`, speech under `stop` and a key under `dtmf` interrupt; everything else does nothing.
 */
export class BargeIn {
  readonly #policy: BargeInPolicy;
  readonly #endLatencyMs: number;
  #pausedAtMs: number | undefined;

  /** @param endLatencyMs how long after the last sample of speech its end is told at the latest */
  constructor(policy: BargeInPolicy, endLatencyMs: number) {
    this.#policy = policy;
    this.#endLatencyMs = endLatencyMs;
  }

  get isPaused(): boolean {
    return this.#pausedAtMs !== undefined;
  }

  /** When `passed` is to be called; undefined while nothing is waited for. */
  get deadlineMs(): number | undefined {
    if (this.#pausedAtMs === undefined || this.#policy.policy !== 'pause') return undefined;
    return this.#pausedAtMs + this.#policy.falseAfterMs + this.#endLatencyMs;
  }

  /** Somebody begins to speak. `isSpeaking`: the worker has something to say that has not been heard to its end. */
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

  /** Nobody speaks any more; the speech lasted so long. */
  speechEnded(durationMs: number): BargeInAction {
    if (this.#policy.policy !== 'pause' || !this.isPaused) return 'none';
    this.#pausedAtMs = undefined;
    return durationMs < this.#policy.falseAfterMs ? 'resume' : 'interrupt';
  }

  /** A key was pressed. */
  keyPressed(isSpeaking: boolean): BargeInAction {
    return isSpeaking && this.#policy.policy === 'dtmf' ? 'interrupt' : 'none';
  }

  /** Time has passed. */
  passed(nowMs: number): BargeInAction {
    if (this.deadlineMs === undefined || nowMs < this.deadlineMs) return 'none';
    this.#pausedAtMs = undefined;
    return 'interrupt';
  }

  /** What was said is over, or begins anew: nothing is waited for. */
  reset(): void {
    this.#pausedAtMs = undefined;
  }
}
