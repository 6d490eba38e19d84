/** Stores handovers at the control app. The call's own ticket proves that this relay may do so. */
import { handoverPath } from '../../shared/wire/names.ts';

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
export function handoverClient(controlUrl: string): HandoverClient {
  const ask = (callId: string, ticket: string, init: RequestInit): Promise<Response> =>
    fetch(controlUrl + handoverPath(callId), {
      ...init,
      headers: { ...init.headers, authorization: `Bearer ${ticket}` },
    });
  return {
    async get(callId, ticket) {
      const response = await ask(callId, ticket, { signal: AbortSignal.timeout(GET_LIMIT_MS) });
      if (response.status === 200) return await response.text();
      await response.body?.cancel();
      if (response.status === 204) return undefined;
      throw new Error(`the control app answered ${response.status}`);
    },
    async put(callId, ticket, sealed) {
      for (let attempt = 1; ; attempt += 1) {
        const problem = await problemOf(() =>
          ask(callId, ticket, {
            method: 'PUT',
            body: sealed,
            headers: { 'content-type': 'application/jose' },
            signal: AbortSignal.timeout(PUT_LIMIT_MS),
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
