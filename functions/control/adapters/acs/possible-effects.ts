import type { CallAutomationClientOptions } from '@azure/communication-call-automation';

type Policy = NonNullable<CallAutomationClientOptions['additionalPolicies']>[number];

/** Answers that do not say whether the request was carried out. */
export const UNSURE_STATUS: ReadonlySet<number> = new Set([408, 500, 502, 503, 504]);

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
export function hasPossibleEffects(request: object): boolean {
  return mayBeDone.has(request);
}
