/** Stores handovers at the control app. */
import type { Clock } from '../../shared/base/clock.ts';
import { handoverPath } from '../../shared/wire/names.ts';
import { type ProvableCall, signRelayProof } from '../../shared/wire/signed/relay-proof.ts';
import { withTimeLimit } from '../base/time-limit.ts';

/** ACS waits this long for its media socket. Without an answer, the workers of the call start afresh. */
const GET_LIMIT_MS = 4_000;
const PUT_LIMIT_MS = 5_000;
const PUT_ATTEMPTS = 2;

/** The control app says that the call is over. */
export class CallOverError extends Error {
  override readonly name = 'CallOverError';
}

export interface HandoverClient {
  /**
   * Resolves with undefined when nothing is stored. Rejects with CallOverError, and when the control app does not
   * answer in time.
   */
  get(call: ProvableCall): Promise<string | undefined>;
  /**
   * Rejects when the control app did not store it, except when it need not: the call is over, or a newer one is
   * stored.
   */
  put(call: ProvableCall, sealed: string): Promise<void>;
}

/** @param controlUrl without a slash at its end */
export function handoverClient(controlUrl: string, clock: Clock): HandoverClient {
  const ask = async (call: ProvableCall, init: RequestInit): Promise<Response> => {
    const action = init.method === 'PUT' ? 'store-handover' : 'read-handover';
    const proof = await signRelayProof(call, action, clock.nowMs());
    const headers = { ...init.headers, authorization: `Bearer ${proof}` };
    return await fetch(controlUrl + handoverPath(call.callId), { ...init, headers });
  };
  return {
    get: (call) =>
      withTimeLimit(clock, GET_LIMIT_MS, async (signal) => {
        const response = await ask(call, { signal });
        if (response.status === 200) return await response.text();
        await response.body?.cancel();
        if (response.status === 204) return undefined;
        if (response.status === 409) throw new CallOverError('the call is over');
        throw new Error(`the control app answered ${response.status}`);
      }),
    async put(call, sealed) {
      for (let attempt = 1; ; attempt += 1) {
        const problem = await problemOf(() =>
          withTimeLimit(clock, PUT_LIMIT_MS, (signal) => {
            const headers = { 'content-type': 'application/jose' };
            return ask(call, { method: 'PUT', body: sealed, headers, signal });
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
    return response.ok || response.status === 409 ? undefined : `the control app answered ${response.status}`;
  } catch (error) {
    return error instanceof Error ? error.message : 'the request failed';
  }
}
