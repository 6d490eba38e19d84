/** Asks the control app to do something with a call. */

import * as z from 'zod';
import type { Clock } from '../../shared/base/clock.ts';
import { readBodyBytes } from '../../shared/base/http-body.ts';
import type { WorkerNote } from '../../shared/call/notes.ts';
import { idlePath, notesPath, restartPath, streamReportPath } from '../../shared/wire/names.ts';
import { type ProvableCall, type RelayAction, signRelayProof } from '../../shared/wire/signed/relay-proof.ts';
import { withTimeLimit } from '../base/time-limit.ts';
import type { RestartOutcome } from './drain.ts';

const REQUEST_LIMIT_MS = 5_000;
const MAX_ANSWER_BYTES = 1_024;
/** The longest that the relay waits because the control app asks for it (`Retry-After`). */
const MAX_RETRY_AFTER_S = 60;

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  /** What came with the status 200. */
  readonly json: unknown;
}

export class ControlAppClient {
  readonly #url: string;
  readonly #clock: Clock;

  /** `url`: without a slash at its end. */
  constructor(url: string, clock: Clock) {
    this.#url = url;
    this.#clock = clock;
  }

  /** Asks for a restart of the call's streaming, so that ACS opens the next stream at another relay. Never rejects. */
  async restartStreaming(call: ProvableCall): Promise<RestartOutcome> {
    const { status, retryAfter } = (await this.#post(restartPath(call.callId), call, 'restart')) ?? {};
    if (status === 202) return 'accepted';
    if (status === 429) return { retryAfterMs: waitOf(retryAfter) };
    // There is no such call, or it has no stream: the stream ends anyway.
    return status === 404 || status === 409 ? 'over' : 'failed';
  }

  /**
   * Says that the call is idle, so that the control app ends it. Never rejects.
   * @returns the HTTP status, or undefined when no answer came in time
   */
  async endIdle(call: ProvableCall): Promise<number | undefined> {
    return (await this.#post(idlePath(call.callId), call, 'idle'))?.status;
  }

  /**
   * Says that this relay no longer streams the call, so that the control app does not say that it is streamed. Never
   * rejects.
   * @returns whether the control app knows now
   */
  async reportStream(call: ProvableCall, report: 'ended' | 'lost'): Promise<boolean> {
    const { status } = (await this.#post(streamReportPath(call.callId, report), call, report)) ?? {};
    // There may be no such call any more.
    return status === 202 || status === 404;
  }

  /**
   * Has texts of workers entered in the timeline of the call. Never rejects.
   * @returns how many it has taken; `failed` where it may take them later
   */
  async enterNotes(call: ProvableCall, notes: readonly WorkerNote[]): Promise<number | 'refused' | 'failed'> {
    const answer = await this.#post(notesPath(call.callId), call, 'notes', { notes });
    if (answer === undefined || answer.status === 429 || answer.status >= 500) return 'failed';
    const stored = z.object({ stored: z.int().min(0).max(notes.length) });
    return stored.safeParse(answer.json).data?.stored ?? 'refused';
  }

  async #post(
    path: string,
    call: ProvableCall,
    action: RelayAction,
    content?: object,
  ): Promise<Answer | undefined> {
    try {
      return await withTimeLimit(this.#clock, REQUEST_LIMIT_MS, async (signal) => {
        const proof = await signRelayProof(call, action, this.#clock.nowMs());
        const headers = { authorization: `Bearer ${proof}`, 'content-type': 'application/json' };
        const body = content === undefined ? {} : { body: JSON.stringify(content) };
        const response = await fetch(this.#url + path, { method: 'POST', headers, signal, ...body });
        const { status } = response;
        const bytes = status === 200 ? await readBodyBytes(response, MAX_ANSWER_BYTES) : undefined;
        if (bytes === undefined) await response.body?.cancel();
        const json: unknown = bytes && JSON.parse(new TextDecoder().decode(bytes));
        return { status, retryAfter: response.headers.get('retry-after'), json };
      });
    } catch {
      return undefined;
    }
  }
}

/** Seconds (RFC 9110, section 10.2.3), from 1 to `MAX_RETRY_AFTER_S`; 1 for anything else. */
function waitOf(retryAfter: string | null = null): number {
  const seconds = /^\d{1,5}$/.test(retryAfter ?? '') ? Number(retryAfter) : 1;
  return Math.min(MAX_RETRY_AFTER_S, Math.max(1, seconds)) * 1_000;
}
