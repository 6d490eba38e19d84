import type {
  AddParticipantOptions,
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
import type { AcsClients } from './acs-clients.ts';
import { NotAskedError } from './acs-failure.ts';
import { identifierOf, inviteOf } from './acs-identifiers.ts';
import { changeRecording, startRecording } from './acs-recording.ts';

type Of<Type extends CallOperationType> = Extract<CallOperation, { type: Type }>;

interface Asking {
  readonly clients: AcsClients;
  readonly callConnectionId: string;
  readonly context: OperationContext;
  readonly abortSignal: AbortSignal;
}

/**
 * Has ACS take an operation on. What ACS acts on once however often it is asked (`Repeatability-Request-ID`) is repeated where there is no
 * answer; the rest is asked for once.
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
      return await startRecording(operation, clients, context, abortSignal);
    case 'pauseRecording':
    case 'resumeRecording':
    case 'stopRecording':
      return await changeRecording(operation.type, clients, context, abortSignal);
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
  // ACS knows `interruptCallMediaOperation` for everybody's audio alone.
  if (interrupt === true)
    throw new NotAskedError('only what is played to everybody can interrupt what is being played');
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
        // ACS counts this one in milliseconds; the SDK takes seconds and multiplies.
        ...(input.endSilenceMs === undefined
          ? {}
          : { endSilenceTimeoutInSeconds: input.endSilenceMs / 1_000 }),
      };
  }
}

/** The SDK's enum has these very words as its values. */
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

/** ACS counts in whole seconds, and takes none for its own default: never less than what was asked for. */
function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000));
}
