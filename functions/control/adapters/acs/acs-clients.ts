import type { CallAutomationClient, CallAutomationClientOptions } from '@azure/communication-call-automation';
import type { TokenCredential } from '@azure/identity';
import { noticesPossibleEffects } from './possible-effects.ts';

export type AcsAccess =
  | { readonly connectionString: string }
  | { readonly endpoint: string; readonly credential: () => Promise<TokenCredential> };

/** How to repeat a request that ACS did not answer. Repetitions carry the same `Repeatability-Request-ID`, so ACS acts once. */
const REPEATABLE_RETRIES = { maxRetries: 2, retryDelayInMs: 400, maxRetryDelayInMs: 1_600 };

/** The SDK's clients of one resource. */
export interface AcsClients {
  /** Repeats a request that ACS did not answer. For operations that carry a `Repeatability-Request-ID`, and for reads. */
  readonly retrying: CallAutomationClient;
  /** Sends each request once. For operations that must not be repeated: the caller learns when to try again. */
  readonly noRetry: CallAutomationClient;
}

/** Loads the SDK and makes its clients. */
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
      additionalPolicies: [noticesPossibleEffects],
    };
    if ('connectionString' in access) return new sdk.CallAutomationClient(access.connectionString, options);
    if (credential === undefined) throw new Error('an endpoint of ACS needs a credential');
    return new sdk.CallAutomationClient(access.endpoint, credential, options);
  };
  return { retrying: create(REPEATABLE_RETRIES), noRetry: create({ maxRetries: 0 }) };
}
