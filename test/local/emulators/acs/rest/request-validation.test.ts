import { CallAutomationClient, type CallConnection } from '@azure/communication-call-automation';
import { describe, expect, it } from 'vitest';
import { closedAfterEach } from '../../../../support/closed-after-each.ts';
import { AGENT, answeredCall, COLLEAGUE, startCallingFixture } from '../calling-fixture.ts';

const fixture = closedAfterEach(startCallingFixture);

const agent = { communicationUserId: AGENT };

type Change = (body: Record<string, unknown>) => void;

interface Setting {
  /** The call as a client sees it that changes its request bodies before it signs them. */
  readonly connection: CallConnection;
  readonly client: CallAutomationClient;
  readonly callbackUrl: string;
  readonly log: string[];
}

async function withChangedBodies(change: Change): Promise<Setting> {
  const log: string[] = [];
  const f = await fixture({ log: (line) => log.push(line) });
  const { call } = await answeredCall(f);
  const client = new CallAutomationClient(f.acs.connectionString, {
    allowInsecureConnection: true,
    additionalPolicies: [
      {
        position: 'perCall',
        policy: {
          name: 'changedBody',
          sendRequest(request, next) {
            const body = JSON.parse(String(request.body)) as Record<string, unknown>;
            change(body);
            request.body = JSON.stringify(body);
            return next(request);
          },
        },
      },
    ],
  });
  const connection = client.getCallConnection(call.ids.callConnectionId);
  return { connection, client, callbackUrl: f.callbackUrl, log };
}

describe('a request that breaks the definition of the API', () => {
  it.each<[string, Change, (setting: Setting) => Promise<unknown>, string]>([
    [
      'addParticipant',
      (body) => delete body['participantToAdd'],
      ({ connection }) => connection.addParticipant({ targetParticipant: agent }),
      'The field participantToAdd is required.',
    ],
    [
      'removeParticipant',
      (body) => {
        body['participantToRemove'] = AGENT;
      },
      ({ connection }) => connection.removeParticipant(agent),
      'The field participantToRemove must be an object.',
    ],
    [
      'muteParticipants',
      (body) => {
        body['targetParticipants'] = [{ kind: 'robot', rawId: AGENT }];
      },
      ({ connection }) => connection.muteParticipant(agent),
      'The field targetParticipants[0].kind must be one of unknown, communicationUser, phoneNumber, microsoftTeamsUser, microsoftTeamsApp, teamsExtensionUser, not "robot".',
    ],
    [
      'transferToParticipant',
      (body) => {
        body['operationContext'] = 7;
      },
      ({ connection }) => connection.transferCallToParticipant(agent),
      'The field operationContext must be a string.',
    ],
    [
      'moveParticipants',
      (body) => delete body['fromCall'],
      ({ connection }) => connection.moveParticipants([agent], 'another'),
      'The field fromCall is required.',
    ],
    [
      'cancelAddParticipant',
      (body) => {
        body['invitationId'] = '';
      },
      ({ connection }) => connection.cancelAddParticipantOperation('x'),
      'The field invitationId is required.',
    ],
    [
      'createCall',
      (body) => {
        body['mediaStreamingOptions'] = { transportType: 'websocket' };
      },
      ({ client, callbackUrl }) => client.createCall({ targetParticipant: agent }, callbackUrl),
      'The field mediaStreamingOptions.audioChannelType is required.',
    ],
    [
      'connectCall',
      (body) => delete body['callLocator'],
      ({ client, callbackUrl }) => client.connectCall({ kind: 'serverCallLocator', id: 'x' }, callbackUrl),
      'The field callLocator is required.',
    ],
    [
      'redirectCall',
      (body) => delete body['target'],
      ({ client }) => client.redirectCall('context', { targetParticipant: agent }),
      'The field target is required.',
    ],
    [
      'rejectCall',
      (body) => {
        body['callRejectReason'] = 'tired';
      },
      ({ client }) => client.rejectCall('context'),
      'The field callRejectReason must be one of none, busy, forbidden, not "tired".',
    ],
  ])('is refused with 400 8523 and the name of the member: %s', async (_, change, attempt, message) => {
    const setting = await withChangedBodies(change);
    await expect(attempt(setting)).rejects.toMatchObject({
      statusCode: 400,
      code: '8523',
      message: `Invalid argument: ${message}`,
    });
  });
});

describe('a request with members that the API does not define', () => {
  it('is performed, and the log names them without their values', async () => {
    const { connection, log } = await withChangedBodies((body) => {
      body['mood'] = 'secret';
      body['participantToAdd'] = {
        kind: 'COMMUNICATIONUSER',
        communicationUser: { id: COLLEAGUE, hat: 'secret' },
      };
    });
    await expect(connection.addParticipant({ targetParticipant: agent })).resolves.toMatchObject({
      participant: { identifier: { communicationUserId: COLLEAGUE } },
    });
    expect(log).toContain(
      'addParticipant: ignored unknown members participantToAdd.communicationUser.hat, mood',
    );
    expect(log.join('\n')).not.toContain('secret');
  });
});
