import type {
  AddParticipantOptions,
  CallAutomationClient,
  CallConnection,
  CallMedia,
  CallMediaRecognizeDtmfOptions,
  CallMediaRecognizeSpeechOptions,
  FileSource,
  SsmlSource,
  TextSource,
} from '@azure/communication-call-automation';
import type {
  CallOperation,
  CallOperationType,
  OperationAnswer,
  PlaySource,
  RecognizeInput,
} from '../../../../shared/call/operation.ts';
import type { OperationContext } from '../../call/acs-port.ts';
import { identifierOf, inviteOf, NotAskedError } from './acs-identifiers.ts';

/** The SDK's clients of one resource. */
export interface AcsClients {
  /**
   * Repeats a request that ACS did not answer. For operations that carry a `Repeatability-Request-ID`, and for reads.
   */
  readonly retrying: CallAutomationClient;
  /** Sends each request once. For operations that must not be repeated: the caller learns when to try again. */
  readonly noRetry: CallAutomationClient;
}

type Of<Type extends CallOperationType> = Extract<CallOperation, { type: Type }>;

interface Asking {
  readonly clients: AcsClients;
  readonly callConnectionId: string;
  readonly context: OperationContext;
  readonly abortSignal: AbortSignal;
}

/**
 * Asks ACS for an operation. If ACS does not answer, a request with a `Repeatability-Request-ID` is retried, since
 * ACS carries it out once. Others are sent once.
 * @throws NotAskedError, RestError
 */
export async function operate(operation: CallOperation, asking: Asking): Promise<OperationAnswer> {
  const { clients, context, abortSignal } = asking;
  const options = { operationContext: context.operationContext, abortSignal };
  const connection = clients.retrying.getCallConnection(asking.callConnectionId);
  const media = clients.noRetry.getCallConnection(asking.callConnectionId).getCallMedia();
  switch (operation.type) {
    case 'transfer': {
      const { target, transferee } = operation;
      await connection.transferCallToParticipant(identifierOf(target), {
        ...options,
        ...(transferee === undefined ? {} : { transferee: identifierOf(transferee) }),
      });
      return {};
    }
    case 'addParticipant':
      return await addParticipant(connection, operation, options);
    case 'cancelAddParticipant':
      await connection.cancelAddParticipantOperation(operation.invitationId, options);
      return {};
    case 'removeParticipant':
      await connection.removeParticipant(identifierOf(operation.participant), options);
      return {};
    case 'muteParticipant':
      await connection.muteParticipant(identifierOf(operation.participant), options);
      return {};
    case 'hold': {
      const { participant, music } = operation;
      await media.hold(identifierOf(participant), {
        ...options,
        ...(music === undefined ? {} : { playSource: sourceOf(music) }),
      });
      return {};
    }
    case 'unhold':
      await media.unhold(identifierOf(operation.participant), options);
      return {};
    case 'sendDtmf':
      await connection
        .getCallMedia()
        .sendDtmfTones([...operation.tones], identifierOf(operation.participant), options);
      return {};
    case 'play':
      await play(media, operation, options);
      return {};
    case 'cancelMedia':
      await media.cancelAllOperations();
      return {};
    case 'recognize':
      await recognize(media, operation, context.operationContext);
      return {};
    case 'startTranscription':
      await media.startTranscription({ ...options, locale: operation.locale });
      return {};
    case 'stopTranscription':
      await media.stopTranscription(options);
      return {};
    case 'startRecording':
      return await startAcsRecording(operation, clients, context, abortSignal);
    case 'pauseRecording':
    case 'resumeRecording':
    case 'stopRecording':
      return await changeAcsRecording(operation.type, clients, context, abortSignal);
  }
}

async function addParticipant(
  connection: CallConnection,
  { target, callerId, displayName, ringMs }: Of<'addParticipant'>,
  options: AddParticipantOptions,
): Promise<OperationAnswer> {
  const invite = inviteOf({
    to: target,
    ...(callerId === undefined ? {} : { callerId }),
    ...(displayName === undefined ? {} : { displayName }),
  });
  const { invitationId } = await connection.addParticipant(invite, {
    ...options,
    ...(ringMs === undefined ? {} : { invitationTimeoutInSeconds: seconds(ringMs) }),
  });
  return invitationId === undefined ? {} : { invitationId };
}

async function play(
  media: CallMedia,
  { source, to, loop, interrupt }: Of<'play'>,
  options: { readonly operationContext: string; readonly abortSignal: AbortSignal },
): Promise<void> {
  const all = { ...options, ...(loop === undefined ? {} : { loop }) };
  if (to === undefined) {
    await media.playToAll([sourceOf(source)], {
      ...all,
      ...(interrupt === undefined ? {} : { interruptCallMediaOperation: interrupt }),
    });
    return;
  }
  // ACS supports `interruptCallMediaOperation` only for audio that everybody hears.
  if (interrupt === true) throw new NotAskedError('only audio for everybody can interrupt what is playing');
  await media.play([sourceOf(source)], [identifierOf(to)], all);
}

async function recognize(
  media: CallMedia,
  { participant, input, prompt, initialSilenceMs }: Of<'recognize'>,
  operationContext: string,
): Promise<void> {
  const common = {
    operationContext,
    ...(prompt === undefined ? {} : { playPrompt: sourceOf(prompt) }),
    ...(initialSilenceMs === undefined ? {} : { initialSilenceTimeoutInSeconds: seconds(initialSilenceMs) }),
  };
  await media.startRecognizing(identifierOf(participant), { ...common, ...inputOptions(input) });
}

function inputOptions(
  input: RecognizeInput,
): CallMediaRecognizeDtmfOptions | CallMediaRecognizeSpeechOptions {
  switch (input.kind) {
    case 'dtmf':
      return {
        kind: 'callMediaRecognizeDtmfOptions',
        maxTonesToCollect: input.maxTones,
        ...(input.stopTones === undefined ? {} : { stopDtmfTones: [...input.stopTones] as DtmfTones }),
        ...(input.interToneTimeoutMs === undefined
          ? {}
          : { interToneTimeoutInSeconds: seconds(input.interToneTimeoutMs) }),
      };
    case 'speech':
      return {
        kind: 'callMediaRecognizeSpeechOptions',
        ...(input.locale === undefined ? {} : { speechLanguage: input.locale }),
        // ACS counts this in milliseconds; the SDK takes seconds and multiplies.
        ...(input.endSilenceMs === undefined
          ? {}
          : { endSilenceTimeoutInSeconds: input.endSilenceMs / 1_000 }),
      };
  }
}

/** The values of the SDK's enum are these words. */
type DtmfTones = NonNullable<CallMediaRecognizeDtmfOptions['stopDtmfTones']>;

function sourceOf(source: PlaySource): FileSource | TextSource | SsmlSource {
  switch (source.kind) {
    case 'file':
      return { kind: 'fileSource', url: source.url };
    case 'text':
      return {
        kind: 'textSource',
        text: source.text,
        ...(source.locale === undefined ? {} : { sourceLocale: source.locale }),
        ...(source.voice === undefined ? {} : { voiceName: source.voice }),
      };
    case 'ssml':
      return { kind: 'ssmlSource', ssmlText: source.ssml };
  }
}

/**
 * Starts a recording of the call.
 * @throws NotAskedError, RestError
 */
async function startAcsRecording(
  { content, channels, format, pauseOnStart }: Of<'startRecording'>,
  { retrying }: AcsClients,
  { serverCallId, callbackUrl }: OperationContext,
  abortSignal: AbortSignal,
): Promise<OperationAnswer> {
  if (serverCallId === undefined)
    throw new NotAskedError('the server call id is not known, and recording needs it');
  const { recordingId } = await retrying.getCallRecording().start({
    callLocator: { kind: 'serverCallLocator', id: serverCallId },
    recordingContent: content,
    recordingChannel: channels,
    recordingFormat: format,
    recordingStateCallbackEndpointUrl: callbackUrl,
    ...(pauseOnStart === undefined ? {} : { pauseOnStart }),
    abortSignal,
  });
  return { recordingId };
}

type RecordingChange = 'pauseRecording' | 'resumeRecording' | 'stopRecording';

/**
 * Pauses, resumes or stops the recording of the call.
 * @throws NotAskedError, RestError
 */
async function changeAcsRecording(
  change: RecordingChange,
  { noRetry }: AcsClients,
  { recordingId }: OperationContext,
  abortSignal: AbortSignal,
): Promise<OperationAnswer> {
  if (recordingId === undefined) throw new NotAskedError('the id of the recording is not known');
  const recordings = noRetry.getCallRecording();
  switch (change) {
    case 'pauseRecording':
      await recordings.pause(recordingId, { abortSignal });
      return {};
    case 'resumeRecording':
      await recordings.resume(recordingId, { abortSignal });
      return {};
    case 'stopRecording':
      await recordings.stop(recordingId, { abortSignal });
      return {};
  }
}

/** ACS counts in whole seconds and reads 0 as its own default, so round up and send at least 1. */
function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000));
}
