import { BackOff } from '../base/back-off.ts';
import { type CallsApiError, errorOf, noAnswer } from './calls-api-error.ts';

/** Attempts to make one request, the first one included. */
const MAX_ATTEMPTS = 4;

/** The pause before the second attempt, unless the API names one. It doubles with each further attempt. */
const FIRST_PAUSE_MS = 200;

/** The longest pause before a further attempt. An API that is away for longer is reported as unreachable. */
const LONGEST_PAUSE_MS = 10_000;

/** How long the API may take until the headers of its answer have arrived, and all of the answer to a failure. */
const ATTEMPT_MS = 30_000;

export interface RetryOptions {
  readonly fetch: typeof fetch;
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** Draws a number from 0 up to, but not including, 1, which spreads the attempts of many clients. */
  readonly random: () => number;
}

/**
 * Makes a request that is safe to repeat: a read, or one with an Idempotency-Key. It repeats the request up to
 * `MAX_ATTEMPTS` times when the API is busy (429, 503), still serves the same request, or cannot be reached.
 * @throws CallsApiError when there is no answer or the answer is not a success; the signal's reason when it is aborted
 */
export async function fetchWithRetry(
  { fetch, sleep, random }: RetryOptions,
  operation: string,
  url: string,
  init: RequestInit,
): Promise<Response> {
  const signal = init.signal ?? undefined;
  const backOff = new BackOff({
    firstMs: FIRST_PAUSE_MS,
    longestMs: LONGEST_PAUSE_MS,
    attempts: MAX_ATTEMPTS,
    random,
  });
  for (;;) {
    const outcome = await attemptOnce(fetch, operation, url, init);
    if (outcome.response !== undefined) return outcome.response;
    signal?.throwIfAborted();
    const pauseMs = outcome.mayHelp ? backOff.failed() : undefined;
    if (pauseMs === undefined) throw outcome.failure;
    await sleep(Math.min(outcome.pauseMs ?? pauseMs, LONGEST_PAUSE_MS), signal);
  }
}

type Attempt =
  | { readonly response: Response }
  /** `mayHelp`: the same request may succeed later. `pauseMs`: how long the API asks the client to wait. */
  | {
      readonly response?: undefined;
      readonly failure: CallsApiError;
      readonly mayHelp: boolean;
      readonly pauseMs?: number;
    };

async function attemptOnce(
  fetch: RetryOptions['fetch'],
  operation: string,
  url: string,
  init: RequestInit,
): Promise<Attempt> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new Error('the attempt took too long')), ATTEMPT_MS);
  const signal = init.signal ? AbortSignal.any([init.signal, limit.signal]) : limit.signal;
  try {
    // The API redirects nowhere, and a function key would follow a redirect to any host.
    const response = await fetch(url, { ...init, signal, redirect: 'manual' });
    return response.ok ? { response } : await failed(operation, response);
  } catch (error) {
    return { failure: noAnswer(operation, 'There was no answer.', error), mayHelp: true };
  } finally {
    // A stream may last long: its reader limits what comes after the headers of a success.
    clearTimeout(timer);
  }
}

async function failed(operation: string, response: Response): Promise<Attempt> {
  const failure = await errorOf(operation, response);
  const mayHelp =
    response.status === 429 || response.status === 503 || failure.problemName === 'idempotency-in-progress';
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return { failure, mayHelp, ...(seconds >= 0 ? { pauseMs: seconds * 1_000 } : {}) };
}
