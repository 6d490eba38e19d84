import {
  type CallAutomationClient,
  type CallConnection,
  DtmfTone,
} from '@azure/communication-call-automation';
import type { Call } from '../../../../local/emulators/acs/call/call.ts';
import type definition from '../../../../local/emulators/acs/rest/api-definition.json';
import {
  AGENT,
  addAnswering,
  agent,
  type CallingFixture,
  caller,
  colleague,
  OWN_NUMBER,
} from './calling-fixture.ts';

/** A name of an operation of the API. */
export type OperationName = keyof typeof definition.operations;

/** A call, and Microsoft's client. */
export interface Stage {
  readonly f: CallingFixture;
  readonly client: CallAutomationClient;
  readonly callbackUrl: string;
  /** An answered call, with media streaming and transcription configured and not started. */
  readonly call: Call;
  readonly connection: CallConnection;
  /** A call that nobody knows. */
  readonly nowhere: CallConnection;
}

export interface OperationCase {
  /** Performs the operation with success. */
  readonly success: (stage: Stage) => Promise<unknown>;
  /** Performs it in vain. */
  readonly failure: (stage: Stage) => Promise<unknown>;
}

const SOURCES = [{ kind: 'textSource' as const, text: 'hello', sourceLocale: 'en-US' }];
const NO_CONTEXT = 'eyJnothing';
const KEYS = { kind: 'callMediaRecognizeDtmfOptions', maxTonesToCollect: 1 } as const;
async function recorded({ client, call }: Stage): Promise<string> {
  const callLocator = { kind: 'serverCallLocator', id: call.ids.serverCallId } as const;
  return (await client.getCallRecording().start({ callLocator })).recordingId;
}

/** Every operation of the API; the type of this table fails to compile where one is missing. */
export const OPERATION_CASES: Readonly<Record<OperationName, OperationCase>> = {
  answerCall: {
    success: async ({ f, client }) => client.answerCall((await f.ring()).incomingCallContext, f.callbackUrl),
    failure: ({ client, callbackUrl }) => client.answerCall(NO_CONTEXT, callbackUrl),
  },
  connectCall: {
    success: ({ client, call, callbackUrl }) =>
      client.connectCall({ kind: 'serverCallLocator', id: call.ids.serverCallId }, callbackUrl),
    failure: ({ client, callbackUrl }) =>
      client.connectCall({ kind: 'serverCallLocator', id: 'nowhere' }, callbackUrl),
  },
  createCall: {
    success: ({ client, callbackUrl }) => client.createCall({ targetParticipant: agent }, callbackUrl),
    failure: ({ client, callbackUrl }) => client.createCall({ targetParticipant: caller }, callbackUrl),
  },
  redirectCall: {
    success: async ({ f, client }) =>
      client.redirectCall((await f.ring()).incomingCallContext, { targetParticipant: agent }),
    failure: ({ client }) => client.redirectCall(NO_CONTEXT, { targetParticipant: agent }),
  },
  rejectCall: {
    success: async ({ f, client }) => client.rejectCall((await f.ring()).incomingCallContext),
    failure: ({ client }) => client.rejectCall(NO_CONTEXT),
  },
  addParticipant: {
    success: ({ connection }) => connection.addParticipant({ targetParticipant: agent }),
    failure: ({ nowhere }) => nowhere.addParticipant({ targetParticipant: agent }),
  },
  cancelAddParticipant: {
    success: async ({ connection }) => {
      const { invitationId = '' } = await connection.addParticipant({ targetParticipant: agent });
      return connection.cancelAddParticipantOperation(invitationId);
    },
    failure: ({ nowhere }) => nowhere.cancelAddParticipantOperation('x'),
  },
  getCall: {
    success: ({ connection }) => connection.getCallConnectionProperties(),
    failure: ({ nowhere }) => nowhere.getCallConnectionProperties(),
  },
  hangUpCall: {
    success: ({ connection }) => connection.hangUp(false),
    failure: ({ nowhere }) => nowhere.hangUp(false),
  },
  getParticipant: {
    success: ({ connection }) => connection.getParticipant(caller),
    failure: ({ connection }) => connection.getParticipant(colleague),
  },
  listParticipants: {
    success: ({ connection }) => connection.listParticipants(),
    failure: ({ nowhere }) => nowhere.listParticipants(),
  },
  moveParticipants: {
    success: async ({ f, connection }) => {
      const target = {
        targetParticipant: { phoneNumber: '+14255550111' },
        sourceCallIdNumber: { phoneNumber: OWN_NUMBER },
      };
      const { callConnectionProperties } = await f.client.createCall(target, `${f.webhook.url}/other`);
      (await f.callees.ringing('4:+14255550111')).answer();
      await f.callback('CallConnected', '/other');
      const { callConnectionId = '' } = callConnectionProperties;
      return connection.moveParticipants([{ phoneNumber: '+14255550111' }], callConnectionId);
    },
    failure: ({ connection }) => connection.moveParticipants([agent], 'nowhere'),
  },
  muteParticipants: {
    success: async ({ f, connection }) => {
      await addAnswering(f, connection, AGENT);
      return connection.muteParticipant(agent);
    },
    failure: ({ connection }) => connection.muteParticipant(caller),
  },
  removeParticipant: {
    success: ({ connection }) => connection.removeParticipant(caller),
    failure: ({ connection }) => connection.removeParticipant(colleague),
  },
  terminateCall: {
    success: ({ connection }) => connection.hangUp(true),
    failure: ({ nowhere }) => nowhere.hangUp(true),
  },
  transferToParticipant: {
    success: ({ connection }) => connection.transferCallToParticipant(agent),
    failure: ({ connection }) => connection.transferCallToParticipant(caller),
  },
  cancelAllMediaOperations: {
    success: ({ connection }) => connection.getCallMedia().cancelAllOperations(),
    failure: ({ nowhere }) => nowhere.getCallMedia().cancelAllOperations(),
  },
  hold: {
    success: ({ connection }) => connection.getCallMedia().hold(caller),
    failure: ({ connection }) => connection.getCallMedia().hold(colleague),
  },
  play: {
    success: ({ connection }) => connection.getCallMedia().playToAll(SOURCES),
    failure: ({ connection }) => connection.getCallMedia().play(SOURCES, [colleague]),
  },
  recognize: {
    success: ({ connection }) => connection.getCallMedia().startRecognizing(caller, KEYS),
    failure: ({ connection }) => connection.getCallMedia().startRecognizing(colleague, KEYS),
  },
  sendDtmfTones: {
    success: ({ connection }) => connection.getCallMedia().sendDtmfTones([DtmfTone.One], caller),
    failure: ({ connection }) => connection.getCallMedia().sendDtmfTones([], caller),
  },
  startContinuousDtmfRecognition: {
    success: ({ connection }) => connection.getCallMedia().startContinuousDtmfRecognition(caller),
    failure: ({ connection }) => connection.getCallMedia().startContinuousDtmfRecognition(colleague),
  },
  startMediaStreaming: {
    success: ({ connection }) => connection.getCallMedia().startMediaStreaming(),
    failure: ({ nowhere }) => nowhere.getCallMedia().startMediaStreaming(),
  },
  startTranscription: {
    success: ({ connection }) => connection.getCallMedia().startTranscription(),
    failure: ({ nowhere }) => nowhere.getCallMedia().startTranscription(),
  },
  stopContinuousDtmfRecognition: {
    success: async ({ connection }) => {
      await connection.getCallMedia().startContinuousDtmfRecognition(caller);
      return connection.getCallMedia().stopContinuousDtmfRecognition(caller);
    },
    failure: ({ connection }) => connection.getCallMedia().stopContinuousDtmfRecognition(colleague),
  },
  stopMediaStreaming: {
    success: async ({ connection }) => {
      await connection.getCallMedia().startMediaStreaming();
      return connection.getCallMedia().stopMediaStreaming();
    },
    failure: ({ connection }) => connection.getCallMedia().stopMediaStreaming(),
  },
  stopTranscription: {
    success: async ({ connection }) => {
      await connection.getCallMedia().startTranscription();
      return connection.getCallMedia().stopTranscription();
    },
    failure: ({ connection }) => connection.getCallMedia().stopTranscription(),
  },
  unhold: {
    success: ({ connection }) => connection.getCallMedia().unhold(caller),
    failure: ({ connection }) => connection.getCallMedia().unhold(colleague),
  },
  updateTranscription: {
    success: async ({ f, connection }) => {
      await connection.getCallMedia().startTranscription();
      await f.callback('TranscriptionStarted');
      return connection.getCallMedia().updateTranscription('de-DE');
    },
    failure: ({ connection }) => connection.getCallMedia().updateTranscription('de-DE'),
  },
  getRecordingProperties: {
    success: async (stage) => stage.client.getCallRecording().getState(await recorded(stage)),
    failure: ({ client }) => client.getCallRecording().getState('none'),
  },
  stopRecording: {
    success: async (stage) => stage.client.getCallRecording().stop(await recorded(stage)),
    failure: ({ client }) => client.getCallRecording().stop('none'),
  },
  pauseRecording: {
    success: async (stage) => stage.client.getCallRecording().pause(await recorded(stage)),
    failure: ({ client }) => client.getCallRecording().pause('none'),
  },
  resumeRecording: {
    success: async (stage) => stage.client.getCallRecording().resume(await recorded(stage)),
    failure: ({ client }) => client.getCallRecording().resume('none'),
  },
  startRecording: {
    success: recorded,
    failure: ({ client }) =>
      client.getCallRecording().start({ callLocator: { kind: 'serverCallLocator', id: 'nowhere' } }),
  },
};
