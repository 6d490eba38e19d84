/**
 * Logs why media streams are refused. Anybody can be refused as often as they like, so a line has nothing of the
 * request but the id of the call, and there is at most one line a second; the metrics count every refusal.
 */
import type { Logger } from 'pino';
import type { Clock } from '../../shared/base/clock.ts';
import type { Refusal } from './refusal.ts';

/** The shortest time between two lines. */
const REFUSAL_LINE_MS = 1_000;

export class RefusalLog {
  readonly #clock: Pick<Clock, 'elapsedMs'>;
  readonly #log: Logger;
  #lineAtMs: number | undefined;
  #unlogged = 0;

  constructor(clock: Pick<Clock, 'elapsedMs'>, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * `callId`: of the path, where it has one. `fault`: what went wrong in the relay itself; left out when the client is
   * at fault. `unlogged` in a line says how many refusals before it have none.
   */
  refused(callId: string | undefined, { status, message: reason }: Refusal, fault?: unknown): void {
    const nowMs = this.#clock.elapsedMs();
    if (this.#lineAtMs !== undefined && nowMs - this.#lineAtMs < REFUSAL_LINE_MS) {
      this.#unlogged += 1;
      return;
    }
    this.#lineAtMs = nowMs;
    const counted = { ...(callId === undefined ? {} : { callId }), unlogged: this.#unlogged };
    this.#unlogged = 0;
    if (fault === undefined) this.#log.info({ ...counted, status, reason }, 'refused a media stream');
    else this.#log.error({ ...counted, err: fault }, 'could not check a media stream');
  }
}
