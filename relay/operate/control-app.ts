/** Asks the control app to do something with a call. The call's own ticket is the proof. */
import type { Clock } from '../../shared/base/clock.ts';
import { idlePath, restartPath } from '../../shared/wire/names.ts';
import { withTimeLimit } from '../base/time-limit.ts';
import type { RestartOutcome } from './drain.ts';

const REQUEST_LIMIT_MS = 5_000;

export class ControlAppClient {
  readonly #url: string;
  readonly #clock: Pick<Clock, 'after'>;

  /** `url`: without a slash at its end. */
  constructor(url: string, clock: Pick<Clock, 'after'>) {
    this.#url = url;
    this.#clock = clock;
  }

  /** Asks for a restart of the call's streaming, so that ACS opens the next stream at another relay. Never rejects. */
  async restartStreaming(callId: string, ticket: string): Promise<RestartOutcome> {
    const status = await this.#post(restartPath(callId), ticket);
    if (status === 202) return 'accepted';
    // There is no such call, or it has no stream: the stream ends anyway.
    return status === 404 || status === 409 ? 'over' : 'failed';
  }

  /**
   * Says that the call is idle, so that the control app ends it. Never rejects.
   * @returns the HTTP status, or undefined when no answer came in time
   */
  endIdle(callId: string, ticket: string): Promise<number | undefined> {
    return this.#post(idlePath(callId), ticket);
  }

  async #post(path: string, ticket: string): Promise<number | undefined> {
    try {
      return await withTimeLimit(this.#clock, REQUEST_LIMIT_MS, async (signal) => {
        const headers = { authorization: `Bearer ${ticket}` };
        const response = await fetch(this.#url + path, { method: 'POST', headers, signal });
        await response.body?.cancel();
        return response.status;
      });
    } catch {
      return undefined;
    }
  }
}
