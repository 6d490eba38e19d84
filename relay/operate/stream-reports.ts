/**
 * Tells the control app of streams that are over, so that it does not say for long that a call is streamed which is
 * not. Mostly it knows from ACS, and has nothing to do.
 *
 *     ended ──after REPORT_AFTER_MS──▶ reporting ──known, or the call is streamed here again──▶ done
 *     lost ─────────at once──────────▶    │ ▲
 *                                    failed, up to REPORT_ATTEMPTS, after REPORT_PAUSE_MS
 */
import type { Logger } from 'pino';
import type { Clock } from '../../shared/base/clock.ts';
import type { ProvableCall } from '../../shared/wire/signed/relay-proof.ts';
import type { ControlAppClient } from './control-app.ts';

/** The events of ACS about the end of a stream have mostly arrived by then, or the next stream has. */
const REPORT_AFTER_MS = 3_000;
const REPORT_PAUSE_MS = 2_000;
const REPORT_ATTEMPTS = 3;

interface StreamReportsOptions {
  /** Undefined where the relay does not know the control app. */
  readonly controlApp: Pick<ControlAppClient, 'reportStream'> | undefined;
  /** Whether this relay has a live stream of the call. */
  readonly isStreamed: (callId: string) => boolean;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Logger;
}

export class StreamReports {
  readonly #options: StreamReportsOptions;

  constructor(options: StreamReportsOptions) {
    this.#options = options;
  }

  /** A stream of the call is over. */
  ended(call: ProvableCall): void {
    const { controlApp, clock } = this.#options;
    if (controlApp !== undefined) clock.after(REPORT_AFTER_MS, () => void this.#report(call, 'ended'));
  }

  /** The relay has given up having the stream of the call started again. */
  lost(call: ProvableCall): void {
    void this.#report(call, 'lost');
  }

  async #report(call: ProvableCall, report: 'ended' | 'lost', attempt = 1): Promise<void> {
    const { controlApp, isStreamed, clock, log } = this.#options;
    const { callId } = call;
    if (controlApp === undefined || isStreamed(callId)) return;
    if (await controlApp.reportStream(call, report)) return;
    if (attempt < REPORT_ATTEMPTS)
      clock.after(REPORT_PAUSE_MS, () => void this.#report(call, report, attempt + 1));
    else log.warn({ callId, report }, 'could not tell the control app that a stream is over');
  }
}
