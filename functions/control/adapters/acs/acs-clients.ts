import type { CallAutomationClient, CallAutomationClientOptions } from '@azure/communication-call-automation';
import type { TokenCredential } from '@azure/identity';
import { trackPossibleEffects } from './acs-failure.ts';

export type AcsAccess =
  | { readonly connectionString: string }
  | { readonly endpoint: string; readonly credential: () => Promise<TokenCredential> };

/**
 * Retries of requests that ACS did not answer. They carry the same `Repeatability-Request-ID`, so ACS acts on them
 * once.
 */
const REPEATABLE_RETRIES = { maxRetries: 2, retryDelayInMs: 400, maxRetryDelayInMs: 1_600 };

/** The SDK's clients of one resource. */
export interface AcsClients {
  /**
   * Repeats a request that ACS did not answer. For operations that carry a `Repeatability-Request-ID`, and for reads.
   */
  readonly retrying: CallAutomationClient;
  /** Sends each request once. For operations that must not be repeated: the caller learns when to try again. */
  readonly noRetry: CallAutomationClient;
}

/** Loads the SDK and creates its clients. */
export async function createAcsClients(
  access: AcsAccess,
  allowInsecureConnection: boolean,
): Promise<AcsClients> {
  const sdk = await import('@azure/communication-call-automation');
  const credential = 'credential' in access ? await access.credential() : undefined;
  const create = (
    retryOptions: NonNullable<CallAutomationClientOptions['retryOptions']>,
  ): CallAutomationClient => {
    const options: CallAutomationClientOptions = {
      allowInsecureConnection,
      retryOptions,
      additionalPolicies: [trackPossibleEffects],
    };
    if ('connectionString' in access) return new sdk.CallAutomationClient(access.connectionString, options);
    if (credential === undefined) throw new Error('an endpoint of ACS needs a credential');
    return new sdk.CallAutomationClient(access.endpoint, credential, options);
  };
  return { retrying: create(REPEATABLE_RETRIES), noRetry: create({ maxRetries: 0 }) };
}
