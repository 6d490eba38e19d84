import type {
  AnswerCallOptions,
  CallAutomationClient,
  CallAutomationClientOptions,
  CallConnectionProperties,
} from '@azure/communication-call-automation';
import type { TokenCredential } from '@azure/identity';
import type { CallOperation, OperationAnswer, Participant } from '../../../../shared/call/operation.ts';
import type { RawId } from '../../../../shared/call/party.ts';
import type { RejectReason } from '../../../../shared/call/route.ts';
import {
  AcsCallError,
  type AcsCallFailure,
  type AcsCalls,
  type AnsweredCall,
  type AnswerRequest,
  type CallProperties,
  type MediaStreaming,
  type OperationContext,
  type PlaceRequest,
  type StreamingOptions,
} from '../../call/acs-port.ts';
import { type AcsClients, operate } from './acs-call-operations.ts';
import { identifierOf, inviteOf, NotAskedError, rawIdOf } from './acs-identifiers.ts';

type AcsAccess =
  | { readonly connectionString: string }
  | { readonly endpoint: string; readonly credential: () => Promise<TokenCredential> };

interface AcsCallsOptions {
  /** `http:` instead of `https:`, for an ACS emulator on this machine only. Defaults to false. */
  readonly allowInsecureConnection?: boolean;
  /**
   * The Azure AI services resource that synthesizes and recognizes speech for ACS. Without it ACS can neither speak
   * texts nor recognize speech.
   */
  readonly cognitiveServicesEndpoint?: string;
}

/**
 * Longest time for one operation including retries. It is shorter than the lease of an answer, so that an invocation
 * that takes the call over does not answer it twice.
 */
const OPERATION_LIMIT_MS = 8_000;

/** The calls of one ACS resource. The SDK is loaded with the first operation. */
export function createAcsCalls(access: AcsAccess, options: AcsCallsOptions = {}): AcsCalls {
  let clients: Promise<AcsClients> | undefined;
  const load = (): Promise<AcsClients> => {
    clients ??= createAcsClients(access, options.allowInsecureConnection ?? false).catch((error: unknown) => {
      clients = undefined;
      throw error;
    });
    return clients;
  };
  return new AcsCallClient(load, options.cognitiveServicesEndpoint);
}

class AcsCallClient implements AcsCalls {
  readonly #load: () => Promise<AcsClients>;
  readonly #cognitiveServicesEndpoint: string | undefined;

  constructor(load: () => Promise<AcsClients>, cognitiveServicesEndpoint: string | undefined) {
    this.#load = load;
    this.#cognitiveServicesEndpoint = cognitiveServicesEndpoint;
  }

  answer(request: AnswerRequest): Promise<AnsweredCall> {
    return this.#run('answering the call', async ({ retrying }, abortSignal) => {
      const { callConnectionProperties } = await retrying.answerCall(
        request.incomingCallContext,
        request.callbackUrl,
        {
          abortSignal,
          operationContext: request.operationContext,
          ...this.#callOptions(request.media),
          ...repeatabilityOptions(request.repeatability),
        },
      );
      return takenOn(callConnectionProperties);
    });
  }

  reject(incomingCallContext: string, reason: RejectReason): Promise<void> {
    return this.#run('rejecting the call', ({ retrying }, abortSignal) =>
      retrying.rejectCall(incomingCallContext, { abortSignal, callRejectReason: reason }),
    );
  }

  redirect(incomingCallContext: string, target: RawId): Promise<void> {
    return this.#run('redirecting the call', ({ retrying }, abortSignal) =>
      retrying.redirectCall(
        incomingCallContext,
        { targetParticipant: identifierOf(target) },
        { abortSignal },
      ),
    );
  }

  place(request: PlaceRequest): Promise<AnsweredCall> {
    return this.#run('placing the call', async ({ retrying }, abortSignal) => {
      const { callConnectionProperties } = await retrying.createCall(inviteOf(request), request.callbackUrl, {
        abortSignal,
        operationContext: request.operationContext,
        ...this.#callOptions(request.media),
      });
      return takenOn(callConnectionProperties);
    });
  }

  startMediaStreaming(callConnectionId: string, options: StreamingOptions = {}): Promise<void> {
    return this.#run('starting media streaming', ({ noRetry }, abortSignal) =>
      noRetry
        .getCallConnection(callConnectionId)
        .getCallMedia()
        .startMediaStreaming({ ...options, abortSignal }),
    );
  }

  stopMediaStreaming(callConnectionId: string, options: StreamingOptions = {}): Promise<void> {
    return this.#run('stopping media streaming', ({ noRetry }, abortSignal) =>
      noRetry
        .getCallConnection(callConnectionId)
        .getCallMedia()
        .stopMediaStreaming({ ...options, abortSignal }),
    );
  }

  hangUp(callConnectionId: string, forEveryone: boolean): Promise<void> {
    return this.#run('hanging up', ({ noRetry }, abortSignal) =>
      noRetry.getCallConnection(callConnectionId).hangUp(forEveryone, { abortSignal }),
    );
  }

  operate(
    callConnectionId: string,
    operation: CallOperation,
    context: OperationContext,
  ): Promise<OperationAnswer> {
    return this.#run(`the operation ${operation.type}`, (clients, abortSignal) =>
      operate(operation, { clients, callConnectionId, context, abortSignal }),
    );
  }

  participants(callConnectionId: string): Promise<readonly Participant[]> {
    return this.#run('listing participants', async ({ retrying }, abortSignal) => {
      const { values = [] } = await retrying
        .getCallConnection(callConnectionId)
        .listParticipants({ abortSignal });
      return values.flatMap(({ identifier, isMuted = false, isOnHold = false }) =>
        identifier === undefined ? [] : [{ rawId: rawIdOf(identifier), muted: isMuted, onHold: isOnHold }],
      );
    });
  }

  async properties(callConnectionId: string): Promise<CallProperties | undefined> {
    try {
      return await this.#run('reading the properties of the call', async ({ noRetry }, abortSignal) =>
        propertiesOf(
          await noRetry.getCallConnection(callConnectionId).getCallConnectionProperties({ abortSignal }),
        ),
      );
    } catch (error) {
      if (error instanceof AcsCallError && error.callGone) return undefined;
      throw error;
    }
  }

  #callOptions({ plan, transportUrl, transcription }: MediaStreaming): AnswerCallOptions {
    return {
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
      ...(transcription === undefined
        ? {}
        : {
            transcriptionOptions: { transportType: 'websocket', startTranscription: false, ...transcription },
          }),
      ...(this.#cognitiveServicesEndpoint === undefined
        ? {}
        : { callIntelligenceOptions: { cognitiveServicesEndpoint: this.#cognitiveServicesEndpoint } }),
    };
  }

  async #run<T>(
    operation: string,
    act: (clients: AcsClients, abortSignal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const abortSignal = AbortSignal.timeout(OPERATION_LIMIT_MS);
    try {
      return await before(act(await this.#load(), abortSignal), abortSignal);
    } catch (cause) {
      throw new AcsCallError(operation, failureOf(cause), { cause });
    }
  }
}

/** The result, or a failure if the signal comes first: some methods of the SDK take no signal. */
async function before<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([result, tooLate]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** The SDK creates these headers in every call of its methods, unless they are given. */
function repeatabilityOptions(repeatability: AnswerRequest['repeatability']): AnswerCallOptions {
  if (repeatability === undefined) return {};
  const { requestId, firstSentMs } = repeatability;
  const customHeaders = {
    'repeatability-request-id': requestId,
    'repeatability-first-sent': new Date(firstSentMs).toUTCString(),
  };
  return { requestOptions: { customHeaders } };
}

function takenOn({ callConnectionId, serverCallId, correlationId }: CallConnectionProperties): AnsweredCall {
  if (callConnectionId === undefined) throw new TypeError('the call has no callConnectionId');
  return {
    callConnectionId,
    ...(serverCallId === undefined ? {} : { serverCallId }),
    ...(correlationId === undefined ? {} : { correlationId }),
  };
}

function propertiesOf(properties: CallConnectionProperties): CallProperties {
  const { callConnectionState, serverCallId, correlationId, mediaStreamingSubscription } = properties;
  const streaming = mediaStreamingSubscription?.state;
  return {
    state: callConnectionState ?? 'unknown',
    ...(serverCallId === undefined ? {} : { serverCallId }),
    ...(correlationId === undefined ? {} : { correlationId }),
    // Disabled: the call was taken on without media streaming.
    ...(streaming === undefined || streaming === 'disabled'
      ? {}
      : { streaming: streaming === 'active' ? 'active' : 'inactive' }),
  };
}

/**
 * Retries of requests that ACS did not answer. They carry the same `Repeatability-Request-ID`, so ACS acts on them
 * once.
 */
const REPEATABLE_RETRIES = { maxRetries: 2, retryDelayInMs: 400, maxRetryDelayInMs: 1_600 };

/** Loads the SDK and creates its clients. */
async function createAcsClients(access: AcsAccess, allowInsecureConnection: boolean): Promise<AcsClients> {
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

const TOO_MANY_REQUESTS = 429;

/** What an error of the SDK says about a failed request. */
function failureOf(cause: unknown): AcsCallFailure {
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
const trackPossibleEffects: Policy = {
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
