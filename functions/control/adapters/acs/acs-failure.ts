import type { CallAutomationClientOptions } from '@azure/communication-call-automation';
import type { AcsCallFailure } from '../../call/acs-port.ts';

interface Headers {
  get(name: string): string | undefined;
}

/** The members of the SDK's `RestError` that we read. Importing the class would load the SDK too early. */
interface RestErrorLike {
  readonly statusCode?: unknown;
  readonly code?: unknown;
  readonly request?: object;
  readonly response?: { readonly headers?: Headers };
}

/** ACS cannot be asked for what was requested. The message is a sentence without numbers and names. */
export class NotAskedError extends Error {
  override readonly name = 'NotAskedError';
}

const TOO_MANY_REQUESTS = 429;

/** What an error of the SDK says about a failed request. */
export function failureOf(cause: unknown): AcsCallFailure {
  // The SDK throws a string if an answer lacks the id of the connection. ACS has acted, and its callbacks will say
  // so.
  if (!(cause instanceof Error)) return { retryable: true, mayBeDone: true };
  if (cause instanceof NotAskedError) return { retryable: false, notAsked: cause.message };
  const { statusCode, code, response, request } = cause as Error & RestErrorLike;
  const effects = request === undefined || hasPossibleEffects(request) ? ({ mayBeDone: true } as const) : {};
  // Without a status the request did not get through, or was not answered in time.
  if (typeof statusCode !== 'number') return { retryable: true, ...effects };
  const retryAfter = retryAfterOf(response?.headers);
  return {
    status: statusCode,
    retryable: statusCode === TOO_MANY_REQUESTS || UNSURE_STATUS.has(statusCode),
    ...effects,
    ...(typeof code === 'string' && /^\w{1,40}$/.test(code) ? { code } : {}),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
}

/** `Retry-After` as it came, or Azure's own header in milliseconds, as whole seconds. */
function retryAfterOf(headers: Headers | undefined): string | undefined {
  const standard = headers?.get('retry-after');
  if (standard !== undefined) return standard;
  const ms = Number(headers?.get('retry-after-ms') ?? headers?.get('x-ms-retry-after-ms') ?? Number.NaN);
  return Number.isFinite(ms) && ms >= 0 ? String(Math.ceil(ms / 1000)) : undefined;
}

type Policy = NonNullable<CallAutomationClientOptions['additionalPolicies']>[number];

/** Statuses that do not say whether the request was carried out. */
const UNSURE_STATUS: ReadonlySet<number> = new Set([408, 500, 502, 503, 504]);

/** Errors of Node if no connection could be made. */
const NO_CONNECTION = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);

const mayBeDone = new WeakSet<object>();

/**
 * Remembers requests with an attempt that may have been carried out, because it had no answer or one that does not
 * say. The answer of the last attempt, such as 429, says nothing about earlier ones.
 */
export const trackPossibleEffects: Policy = {
  position: 'perRetry',
  policy: {
    name: 'trackPossibleEffects',
    sendRequest: async (request, next) => {
      try {
        const response = await next(request);
        if (UNSURE_STATUS.has(response.status)) mayBeDone.add(request);
        return response;
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && NO_CONNECTION.has(String(error.code))))
          mayBeDone.add(request);
        throw error;
      }
    },
  },
};

/** Whether an attempt of the request may have been carried out. */
function hasPossibleEffects(request: object): boolean {
  return mayBeDone.has(request);
}
