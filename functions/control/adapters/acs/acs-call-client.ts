import type { AnswerCallOptions, CallConnectionProperties } from '@azure/communication-call-automation';
import type { CallOperation, OperationAnswer, Participant } from '../../../../shared/call/operation.ts';
import type { RawId } from '../../../../shared/call/party.ts';
import type { RejectReason } from '../../../../shared/call/route.ts';
import {
  AcsCallError,
  type AcsCalls,
  type AnsweredCall,
  type AnswerRequest,
  type CallProperties,
  type MediaStreaming,
  type OperationContext,
  type PlaceRequest,
  type Repeatability,
  type StreamingOptions,
} from '../../call/acs-port.ts';
import { operate } from './acs-call-operations.ts';
import { type AcsAccess, type AcsClients, createAcsClients } from './acs-clients.ts';
import { failureOf } from './acs-failure.ts';
import { identifierOf, inviteOf, rawIdOf } from './acs-identifiers.ts';

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
function repeatabilityOptions(repeatability: Repeatability | undefined): AnswerCallOptions {
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
    ...(streaming === undefined ? {} : { streaming: streaming === 'active' ? 'active' : 'inactive' }),
  };
}
