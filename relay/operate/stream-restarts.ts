/**
 * Has streams started again that died without ACS knowing: nobody else notices these, so the relay asks for the next
 * stream.
 *
 *     died ──at least RESTART_PAUSE_MS after the last time──▶ asked ──accepted, or it is over──▶ done
 *       │                                                       ├──failed, or too often for LONGEST_WAIT_MS──▶ died
 *       │                                                       └──too often for longer──▶ given up
 *       └──MAX_RESTARTS within RESTART_WINDOW_MS──▶ given up
 *
 * ACS may take a stream for live that was given up. So the control app has to learn of it (`stream-reports.ts`).
 */
import type { Logger } from 'pino';
import type { Clock } from '../../shared/base/clock.ts';
import type { ProvableCall } from '../../shared/wire/signed/relay-proof.ts';
import type { ControlAppClient } from './control-app.ts';

/** The relay asks for restarts of the same call at least so far apart. */
const RESTART_PAUSE_MS = 3_000;
/** Restarts of one call within the window; then the relay gives up. */
const MAX_RESTARTS = 3;
const RESTART_WINDOW_MS = 60_000;
/**
 * The longest that the relay waits where the control app says that the call was restarted too often. Nobody on the call
 * hears a worker meanwhile, and the API says that the call is streamed.
 */
const LONGEST_WAIT_MS = 10_000;

interface StreamRestartsOptions {
  /** Undefined where the relay does not know the control app: nobody starts the stream again then. */
  readonly controlApp: Pick<ControlAppClient, 'restartStreaming'> | undefined;
  /** Whether this relay has a live stream of the call. */
  readonly isStreamed: (callId: string) => boolean;
  /** The relay gives up a stream of the call. */
  readonly onGivenUp: (call: ProvableCall) => void;
  readonly clock: Pick<Clock, 'elapsedMs' | 'after'>;
  readonly log: Logger;
}

export class StreamRestarts {
  readonly #options: StreamRestartsOptions;
  /** When the restarts of each call were asked for, or will be; the newest last. */
  readonly #askedMs = new Map<string, number[]>();

  constructor(options: StreamRestartsOptions) {
    this.#options = options;
  }

  /** A stream of the call has died. */
  died(call: ProvableCall): void {
    const { controlApp, clock } = this.#options;
    if (controlApp === undefined) return;
    const { callId } = call;
    const nowMs = clock.elapsedMs();
    this.#forgetBefore(nowMs - RESTART_WINDOW_MS);
    const askedMs = this.#askedMs.get(callId) ?? [];
    if (askedMs.length >= MAX_RESTARTS) {
      this.#giveUp(call, { restarts: askedMs.length });
      return;
    }
    const dueMs = Math.max(nowMs, (askedMs.at(-1) ?? Number.NEGATIVE_INFINITY) + RESTART_PAUSE_MS);
    this.#askedMs.set(callId, [...askedMs, dueMs]);
    if (dueMs === nowMs) void this.#ask(controlApp, call);
    else clock.after(dueMs - nowMs, () => void this.#ask(controlApp, call));
  }

  async #ask(controlApp: Pick<ControlAppClient, 'restartStreaming'>, call: ProvableCall): Promise<void> {
    const { isStreamed, clock, log } = this.#options;
    const { callId } = call;
    // A stream that has come in the meantime must not end for the sake of the last one.
    if (isStreamed(callId)) return;
    const outcome = await controlApp.restartStreaming(call);
    log.info({ callId, outcome }, 'asked for a restart of a stream that had died');
    if (outcome === 'failed') this.died(call);
    if (typeof outcome !== 'object') return;
    if (outcome.retryAfterMs > LONGEST_WAIT_MS) this.#giveUp(call, outcome);
    else clock.after(outcome.retryAfterMs, () => this.died(call));
  }

  #giveUp(call: ProvableCall, why: object): void {
    const { onGivenUp, log } = this.#options;
    log.warn({ callId: call.callId, ...why }, 'gave up starting the stream of a call again');
    onGivenUp(call);
  }

  #forgetBefore(limitMs: number): void {
    for (const [callId, askedMs] of this.#askedMs) {
      const kept = askedMs.filter((atMs) => atMs > limitMs);
      if (kept.length === 0) this.#askedMs.delete(callId);
      else this.#askedMs.set(callId, kept);
    }
  }
}
