/** Stores handovers at the control app. The call's own ticket proves that this relay may do so. */
import type { Clock } from '../../shared/base/clock.ts';
import { handoverPath } from '../../shared/wire/names.ts';
import { withTimeLimit } from '../base/time-limit.ts';

/** ACS waits this long for its media socket. Without an answer, the workers of the call start afresh. */
const GET_LIMIT_MS = 4_000;
const PUT_LIMIT_MS = 5_000;
const PUT_ATTEMPTS = 2;

export interface HandoverClient {
  /** Resolves with undefined when nothing is stored. Rejects when the control app does not answer in time. */
  get(callId: string, ticket: string): Promise<string | undefined>;
  /** Rejects when the control app did not store it. */
  put(callId: string, ticket: string, sealed: string): Promise<void>;
}

/** @param controlUrl without a slash at its end */
export function handoverClient(controlUrl: string, clock: Pick<Clock, 'after'>): HandoverClient {
  const ask = (callId: string, ticket: string, init: RequestInit): Promise<Response> =>
    fetch(controlUrl + handoverPath(callId), {
      ...init,
      headers: { ...init.headers, authorization: `Bearer ${ticket}` },
    });
  return {
    get: (callId, ticket) =>
      withTimeLimit(clock, GET_LIMIT_MS, async (signal) => {
        const response = await ask(callId, ticket, { signal });
        if (response.status === 200) return await response.text();
        await response.body?.cancel();
        if (response.status === 204) return undefined;
        throw new Error(`the control app answered ${response.status}`);
      }),
    async put(callId, ticket, sealed) {
      for (let attempt = 1; ; attempt += 1) {
        const problem = await problemOf(() =>
          withTimeLimit(clock, PUT_LIMIT_MS, (signal) => {
            const headers = { 'content-type': 'application/jose' };
            return ask(callId, ticket, { method: 'PUT', body: sealed, headers, signal });
          }),
        );
        if (problem === undefined) return;
        if (attempt >= PUT_ATTEMPTS) throw new Error(problem);
      }
    },
  };
}

/** What went wrong with one attempt; undefined when it succeeded. */
async function problemOf(ask: () => Promise<Response>): Promise<string | undefined> {
  try {
    const response = await ask();
    await response.body?.cancel();
    return response.ok ? undefined : `the control app answered ${response.status}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
