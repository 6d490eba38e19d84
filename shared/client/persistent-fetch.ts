import { type CallsApiError, errorOf, noAnswer } from './calls-api-error.ts';

/** How often a request is made at most, the first time included. */
export const MAX_ATTEMPTS = 4;

/** The pause before the second attempt where the API names none; it doubles with each further one. */
const FIRST_PAUSE_MS = 200;

/** The longest pause before a further attempt: an API that is away for longer is reported as such. */
const LONGEST_PAUSE_MS = 10_000;

/** How long the head of an answer may take. */
const ATTEMPT_MS = 30_000;

export interface Attempting {
  readonly fetch: typeof fetch;
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** From 0 up to 1, to spread the attempts of many. */
  readonly random: () => number;
}

/**
 * Makes a request that may be made again: a read, or one with an Idempotency-Key. It is, a bounded number of times, where the API is busy
 * (429, 503), still serving the same request, or cannot be reached.
 * @throws CallsApiError for every answer that is not a success, and for none; what the signal says when it is aborted.
 */
export async function persistentFetch(
  { fetch, sleep, random }: Attempting,
  operation: string,
  url: string,
  init: RequestInit,
): Promise<Response> {
  const signal = init.signal ?? undefined;
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await attemptOnce(fetch, operation, url, init);
    if (outcome.response !== undefined) return outcome.response;
    signal?.throwIfAborted();
    if (!outcome.mayHelp || attempt >= MAX_ATTEMPTS) throw outcome.failure;
    const backOffMs = FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + random() / 2);
    await sleep(Math.min(outcome.pauseMs ?? backOffMs, LONGEST_PAUSE_MS), signal);
  }
}

type Attempt =
  | { readonly response: Response }
  /** `mayHelp`: the same request may succeed later, after `pauseMs` where the API says so. */
  | {
      readonly response?: undefined;
      readonly failure: CallsApiError;
      readonly mayHelp: boolean;
      readonly pauseMs?: number;
    };

async function attemptOnce(
  fetch: Attempting['fetch'],
  operation: string,
  url: string,
  init: RequestInit,
): Promise<Attempt> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new Error('the attempt took too long')), ATTEMPT_MS);
  const signal = init.signal ? AbortSignal.any([init.signal, limit.signal]) : limit.signal;
  let response: Response;
  try {
    response = await fetch(url, { ...init, signal });
  } catch (error) {
    return { failure: noAnswer(operation, 'There was no answer.', error), mayHelp: true };
  } finally {
    // A stream may last; what comes after its head is bounded by who reads it.
    clearTimeout(timer);
  }
  if (response.ok) return { response };
  const failure = await errorOf(operation, response);
  const mayHelp =
    response.status === 429 || response.status === 503 || failure.problemName === 'idempotency-in-progress';
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return { failure, mayHelp, ...(seconds >= 0 ? { pauseMs: seconds * 1_000 } : {}) };
}
