import type { CallAutomationClientOptions } from '@azure/communication-call-automation';
import type { AcsCallFailure } from '../../call/acs-port.ts';

interface Headers {
  get(name: string): string | undefined;
}

/** What `RestError` of the SDKs has; the class itself would have to be imported ahead of time. */
interface RestErrorLike {
  readonly statusCode?: unknown;
  readonly code?: unknown;
  readonly request?: object;
  readonly response?: { readonly headers?: Headers };
}

/** A request that cannot be made of what was asked for. The message is a sentence without numbers and names. */
export class NotAskedError extends Error {
  override readonly name = 'NotAskedError';
}

const TOO_MANY_REQUESTS = 429;

/** What an error of the SDK says about the failure of a request. */
export function failureOf(cause: unknown): AcsCallFailure {
  // The SDK throws a text where an answer lacks the id of the connection: ACS has acted, and its callbacks will tell.
  if (!(cause instanceof Error)) return { retryable: true, mayBeDone: true };
  if (cause instanceof NotAskedError) return { retryable: false, notAsked: cause.message };
  const { statusCode, code, response, request } = cause as Error & RestErrorLike;
  const effects = request === undefined || hasPossibleEffects(request) ? ({ mayBeDone: true } as const) : {};
  // Without a status the request did not get through or was not answered in time.
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

/** `Retry-After` as it came, or in whole seconds what the milliseconds of Azure's own headers say. */
function retryAfterOf(headers: Headers | undefined): string | undefined {
  const standard = headers?.get('retry-after');
  if (standard !== undefined) return standard;
  const ms = Number(headers?.get('retry-after-ms') ?? headers?.get('x-ms-retry-after-ms') ?? Number.NaN);
  return Number.isFinite(ms) && ms >= 0 ? String(Math.ceil(ms / 1000)) : undefined;
}

type Policy = NonNullable<CallAutomationClientOptions['additionalPolicies']>[number];

/** Answers that do not say whether the request was carried out. */
const UNSURE_STATUS: ReadonlySet<number> = new Set([408, 500, 502, 503, 504]);

/** Errors of Node where no connection came about. */
const NO_CONNECTION = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);

const mayBeDone = new WeakSet<object>();

/**
 * Keeps in mind of which requests an attempt may have been carried out, though it had no answer or one that does not say: what comes of the
 * last attempt, such as 429, says nothing of those before it.
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

/** Whether some attempt of a request may have been carried out. */
function hasPossibleEffects(request: object): boolean {
  return mayBeDone.has(request);
}
