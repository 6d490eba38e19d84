import type { CallConnection } from '@azure/communication-call-automation';
import { describe, expect, it } from 'vitest';
import { closedAfterEach } from '../../../support/closed-after-each.ts';
import { AGENT, type CallingFixture, caller, startCallingFixture } from './calling-fixture.ts';

const fixture = closedAfterEach(startCallingFixture);

const agent = { communicationUserId: AGENT };

type State = 'connecting' | 'disconnecting' | 'disconnected' | 'unknown';

const OPERATIONS: Readonly<Record<string, (connection: CallConnection) => Promise<unknown>>> = {
  listParticipants: (connection) => connection.listParticipants(),
  getParticipant: (connection) => connection.getParticipant(caller),
  addParticipant: (connection) => connection.addParticipant({ targetParticipant: agent }),
  removeParticipant: (connection) => connection.removeParticipant(caller),
  muteParticipants: (connection) => connection.muteParticipant(agent),
  cancelAddParticipant: (connection) => connection.cancelAddParticipantOperation('an-id'),
  moveParticipants: (connection) => connection.moveParticipants([caller], 'another-call'),
  transferToParticipant: (connection) => connection.transferCallToParticipant(agent),
  startMediaStreaming: (connection) => connection.getCallMedia().startMediaStreaming(),
  stopMediaStreaming: (connection) => connection.getCallMedia().stopMediaStreaming(),
  getCall: (connection) => connection.getCallConnectionProperties(),
  hangUpCall: (connection) => connection.hangUp(false),
  terminateCall: (connection) => connection.hangUp(true),
};

/** What each operation is answered with where it is not performed, as documented. */
const REFUSALS: Readonly<Record<State, { readonly statusCode: number; readonly code: string }>> = {
  connecting: { statusCode: 400, code: '8501' },
  disconnecting: { statusCode: 404, code: '8522' },
  disconnected: { statusCode: 404, code: '8522' },
  unknown: { statusCode: 404, code: '8522' },
};

/** Operations that a call in this state performs. */
const PERFORMED: Readonly<Record<State, readonly string[]>> = {
  connecting: ['getCall', 'hangUpCall', 'terminateCall'],
  disconnecting: ['getCall'],
  disconnected: [],
  unknown: [],
};

async function callIn(state: State): Promise<CallConnection> {
  const f: CallingFixture = await fixture({
    behaviour: {
      connectDelayMs: state === 'connecting' ? 60_000 : 1,
      disconnectDelayMs: state === 'disconnecting' ? 60_000 : 1,
    },
  });
  if (state === 'unknown') return f.client.getCallConnection('00000000-0000-0000-0000-000000000000');
  const { incomingCallContext } = await f.ring();
  const { callConnection } = await f.client.answerCall(incomingCallContext, f.callbackUrl);
  if (state === 'connecting') return callConnection;
  await f.callback('CallConnected');
  await callConnection.hangUp(true);
  if (state === 'disconnected') await f.callback('CallDisconnected');
  return callConnection;
}

describe.each<State>(['connecting', 'disconnecting', 'disconnected', 'unknown'])(
  'a call that is %s',
  (state) => {
    it.each(Object.keys(OPERATIONS).filter((name) => !PERFORMED[state].includes(name)))(
      'refuses %s',
      async (name) => {
        const connection = await callIn(state);
        await expect(OPERATIONS[name]?.(connection)).rejects.toMatchObject(REFUSALS[state]);
      },
    );

    it.each(PERFORMED[state].map((name) => [name]))('performs %s', async (name) => {
      const connection = await callIn(state);
      await expect(OPERATIONS[name]?.(connection)).resolves.not.toThrow();
    });
  },
);
