import type { CallAutomationClient, CallAutomationClientOptions } from '@azure/communication-call-automation';
import type { TokenCredential } from '@azure/identity';
import {
  type AnsweredCall,
  type AnswerRequest,
  type CallControl,
  CallControlError,
  type CallControlFailure,
  type StreamingOptions,
} from '../core/call-control.ts';

export type AcsAccess =
  | { readonly connectionString: string }
  | { readonly endpoint: string; readonly credential: () => Promise<TokenCredential> };

export interface CallControlOptions {
  /** For an ACS stand-in on this machine only: `http:` instead of `https:`. Default false. */
  readonly allowInsecureConnection?: boolean;
}

/** Longest time for one operation with its repetitions: below the lease of an answer, so that a retaken call is not answered twice. */
const OPERATION_LIMIT_MS = 8_000;

/** Repetitions of answer and reject; they carry the same `Repeatability-Request-ID`, so ACS acts on them once. */
const REPEATABLE_RETRIES = { maxRetries: 2, retryDelayInMs: 400, maxRetryDelayInMs: 1_600 };

interface Clients {
  /** Repeats what ACS did not answer: for operations that ACS acts on once. */
  readonly repeating: CallAutomationClient;
  /** Asks once: start and stop of streaming are not repeatable, and the one who asked is told when to come back. */
  readonly once: CallAutomationClient;
}

/** Call control by Azure Communication Services. The SDK is loaded with the first operation. */
export function createCallControl(access: AcsAccess, options: CallControlOptions = {}): CallControl {
  let clients: Promise<Clients> | undefined;
  const load = (): Promise<Clients> => {
    clients ??= createClients(access, options).catch((error: unknown) => {
      clients = undefined;
      throw error;
    });
    return clients;
  };
  return new AcsCallControl(load);
}

async function createClients(access: AcsAccess, options: CallControlOptions): Promise<Clients> {
  const sdk = await import('@azure/communication-call-automation');
  const common: CallAutomationClientOptions = {
    allowInsecureConnection: options.allowInsecureConnection ?? false,
  };
  const credential = 'credential' in access ? await access.credential() : undefined;
  const create = (retryOptions: CallAutomationClientOptions['retryOptions']): CallAutomationClient => {
    const all: CallAutomationClientOptions = {
      ...common,
      ...(retryOptions === undefined ? {} : { retryOptions }),
    };
    if ('connectionString' in access) return new sdk.CallAutomationClient(access.connectionString, all);
    if (credential === undefined) throw new Error('an endpoint of ACS needs a credential');
    return new sdk.CallAutomationClient(access.endpoint, credential, all);
  };
  return { repeating: create(REPEATABLE_RETRIES), once: create({ maxRetries: 0 }) };
}

class AcsCallControl implements CallControl {
  readonly #load: () => Promise<Clients>;

  constructor(load: () => Promise<Clients>) {
    this.#load = load;
  }

  answer(request: AnswerRequest): Promise<AnsweredCall> {
    return this.#run('answering the call', async ({ repeating }, abortSignal) => {
      const { plan, transportUrl } = request.media;
      const { callConnectionProperties } = await repeating.answerCall(
        request.incomingCallContext,
        request.callbackUrl,
        {
          abortSignal,
          operationContext: request.operationContext,
          mediaStreamingOptions: {
            transportUrl,
            transportType: 'websocket',
            contentType: 'audio',
            audioChannelType: plan.channels,
            startMediaStreaming: plan.startStreaming,
            enableBidirectional: true,
            audioFormat: plan.format,
            enableDtmfTones: plan.dtmf,
          },
        },
      );
      const { callConnectionId, serverCallId, correlationId } = callConnectionProperties;
      if (callConnectionId === undefined) throw new TypeError('the answered call has no callConnectionId');
      return {
        callConnectionId,
        ...(serverCallId === undefined ? {} : { serverCallId }),
        ...(correlationId === undefined ? {} : { correlationId }),
      };
    });
  }

  reject(incomingCallContext: string): Promise<void> {
    return this.#run('rejecting the call', ({ repeating }, abortSignal) =>
      repeating.rejectCall(incomingCallContext, { abortSignal, callRejectReason: 'forbidden' }),
    );
  }

  startMediaStreaming(callConnectionId: string, options: StreamingOptions = {}): Promise<void> {
    return this.#run('starting media streaming', ({ once }, abortSignal) =>
      once
        .getCallConnection(callConnectionId)
        .getCallMedia()
        .startMediaStreaming({ ...options, abortSignal }),
    );
  }

  stopMediaStreaming(callConnectionId: string, options: StreamingOptions = {}): Promise<void> {
    return this.#run('stopping media streaming', ({ once }, abortSignal) =>
      once
        .getCallConnection(callConnectionId)
        .getCallMedia()
        .stopMediaStreaming({ ...options, abortSignal }),
    );
  }

  hangUp(callConnectionId: string): Promise<void> {
    return this.#run('hanging up', ({ once }, abortSignal) =>
      once.getCallConnection(callConnectionId).hangUp(true, { abortSignal }),
    );
  }

  async #run<T>(
    operation: string,
    act: (clients: Clients, abortSignal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    try {
      return await act(await this.#load(), AbortSignal.timeout(OPERATION_LIMIT_MS));
    } catch (cause) {
      throw new CallControlError(operation, failureOf(cause), { cause });
    }
  }
}

interface Headers {
  get(name: string): string | undefined;
}

/** `Retry-After` as it came, or in whole seconds what the milliseconds of Azure's own headers say. */
function retryAfterOf(headers: Headers | undefined): string | undefined {
  const standard = headers?.get('retry-after');
  if (standard !== undefined) return standard;
  const ms = Number(headers?.get('retry-after-ms') ?? headers?.get('x-ms-retry-after-ms') ?? Number.NaN);
  return Number.isFinite(ms) && ms >= 0 ? String(Math.ceil(ms / 1000)) : undefined;
}

/** What `RestError` of the SDKs has; the class itself would have to be imported ahead of time. */
interface RestErrorLike {
  readonly statusCode?: unknown;
  readonly code?: unknown;
  readonly response?: { readonly headers?: Headers };
}

const RETRYABLE_STATUS = new Set([408, 429, 500, 502, 503, 504]);

function failureOf(cause: unknown): CallControlFailure {
  // The SDK throws a text where an answer lacks the id of the connection: ACS has acted, and its callbacks will tell.
  if (!(cause instanceof Error)) return { retryable: true };
  const { statusCode, code, response } = cause as Error & RestErrorLike;
  // Without a status the request did not get through or was not answered in time.
  if (typeof statusCode !== 'number') return { retryable: true };
  const retryAfter = retryAfterOf(response?.headers);
  return {
    status: statusCode,
    retryable: RETRYABLE_STATUS.has(statusCode),
    ...(typeof code === 'string' && /^\w{1,40}$/.test(code) ? { code } : {}),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
}
