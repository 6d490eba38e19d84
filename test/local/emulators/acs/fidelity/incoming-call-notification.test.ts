/**
 * After "Incoming call concepts" of Microsoft Learn, section "Calling scenarios": an event comes for a call from a user
 * of the resource, or a telephone, to a user or to a number of the resource.
 */
import type { CallAutomationClient, CallConnection } from '@azure/communication-call-automation';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../../../support/until.ts';
import { type AcsFixture, CALLED, CALLER, startAcsFixture } from '../acs-fixture.ts';

const OWN = '+14255550170';
const OTHER = '+14255550171';

const fixtures: AcsFixture[] = [];

async function fixture(options: Parameters<typeof startAcsFixture>[0] = {}): Promise<AcsFixture> {
  const f = await startAcsFixture({ numbers: [OWN, OTHER], ...options });
  fixtures.push(f);
  return f;
}

afterEach(async () => {
  for (const each of fixtures.splice(0)) await each.close();
});

interface Incoming {
  readonly from: { readonly rawId: string };
  readonly to: { readonly rawId: string };
  readonly serverCallId: string;
  readonly correlationId: string;
  readonly callerDisplayName: string;
  readonly incomingCallContext: string;
  readonly customContext?: unknown;
}

const user = (f: AcsFixture, name: string): string =>
  f.ownUserId.replace(/_.*$/, `_${name.padStart(8, '0')}-0000-0000-0000-000000000000`);

function incoming(f: AcsFixture, to: string): Promise<Incoming> {
  return until(
    () =>
      f.webhook.requests
        .filter(({ url, body }) => url === '/events' && body.includes('IncomingCall'))
        .flatMap(({ body }) => (JSON.parse(body) as { data: Incoming }[]).map(({ data }) => data))
        .find((data) => data.to.rawId === to),
    `an IncomingCall to ${to}`,
  );
}

/** One side of a call: a connection, and where its callbacks go. */
interface Side {
  readonly connection: CallConnection;
  readonly path: string;
}

function create(
  f: AcsFixture,
  ...[target, , options]: Partial<Parameters<CallAutomationClient['createCall']>>
) {
  return f.client
    .createCall(target ?? { targetParticipant: { phoneNumber: OWN } }, `${f.callbackUrl}/caller`, {
      operationContext: 'create',
      ...options,
    })
    .then(({ callConnection }): Side => ({ connection: callConnection, path: '/cb/caller' }));
}

const callUser = (f: AcsFixture, rawId: string): Promise<Side> =>
  create(f, { targetParticipant: { communicationUserId: rawId } });

const callNumber = (f: AcsFixture, number: string): Promise<Side> =>
  create(f, { targetParticipant: { phoneNumber: number }, sourceCallIdNumber: { phoneNumber: OWN } });

async function answer(
  f: AcsFixture,
  to: string,
  path = '/cb/called',
): Promise<Side & { readonly data: Incoming }> {
  const data = await incoming(f, to);
  const { callConnection } = await f.client.answerCall(
    data.incomingCallContext,
    f.callbackUrl.replace('/cb', path),
    { operationContext: 'answer' },
  );
  await f.callback('CallConnected', path);
  return { connection: callConnection, path, data };
}

const sequence = (data: Record<string, unknown>): number => Number(data['sequenceNumber']);

const resultOf = async (f: AcsFixture, type: string, { path }: Pick<Side, 'path'>) =>
  (await f.callback(type, path)).data['resultInformation'];

describe('a call of the application to the resource itself', () => {
  it('from a user to a user raises IncomingCall on the same call, without a context of headers', async () => {
    const f = await fixture();
    const ben = user(f, 'be');
    const caller = await callUser(f, ben);
    const called = await answer(f, ben);
    await f.callback('CallConnected', caller.path);
    expect(called.data).toMatchObject({
      from: { rawId: f.ownUserId, kind: 'communicationUser' },
      to: { rawId: ben, kind: 'communicationUser' },
    });
    expect(called.data).not.toHaveProperty('customContext');
    const both = await Promise.all(
      [caller, called].map(async ({ connection }) => {
        const { serverCallId, correlationId } = await connection.getCallConnectionProperties();
        return { serverCallId, correlationId };
      }),
    );
    const { serverCallId, correlationId } = called.data;
    expect(both).toEqual([
      { serverCallId, correlationId },
      { serverCallId, correlationId },
    ]);
    for (const { connection } of [caller, called]) {
      const { values = [] } = await connection.listParticipants();
      expect(values.map(({ identifier }) => identifier)).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ communicationUserId: f.ownUserId }),
          expect.objectContaining({ communicationUserId: ben }),
        ]),
      );
      expect(values).toHaveLength(2);
    }
  });

  it('from a number to a number is two calls, with the telephone network between them', async () => {
    const f = await fixture();
    const caller = await callNumber(f, OTHER);
    const called = await answer(f, `4:${OTHER}`);
    await f.callback('CallConnected', caller.path);
    expect(called.data.from.rawId).toBe(`4:${OWN}`);
    const of = await caller.connection.getCallConnectionProperties();
    expect(of.serverCallId).not.toBe(called.data.serverCallId);
    expect(of.correlationId).not.toBe(called.data.correlationId);
  });

  it('rings at a number that telephones have called, or that the application has shown, without being named', async () => {
    const f = await fixture({ numbers: [] });
    await f.ring({ to: CALLED });
    const elsewhere = await callNumber(f, OTHER);
    expect(await resultOf(f, 'CreateCallFailed', elsewhere)).toMatchObject({ code: 480, subCode: 8541 });
    await f.client.createCall(
      { targetParticipant: { phoneNumber: CALLED }, sourceCallIdNumber: { phoneNumber: OTHER } },
      f.callbackUrl,
    );
    await until(async () => (await incoming(f, `4:${CALLED}`)).from.rawId !== undefined, 'the called number');
    await callNumber(f, OTHER);
    expect((await incoming(f, `4:${OTHER}`)).from.rawId).toBe(`4:${OWN}`);
  });

  it('rings at the telephone that was entered for a number of the resource, and raises no event', async () => {
    const f = await fixture();
    await f.control('POST', 'callees', { number: OTHER, takes: 'busy' });
    expect(await resultOf(f, 'CreateCallFailed', await callNumber(f, OTHER))).toMatchObject({
      subCode: 8539,
    });
    expect(f.webhook.requests.some(({ body }) => body.includes('IncomingCall'))).toBe(false);
  });

  it('to oneself is refused', async () => {
    const f = await fixture();
    await expect(callUser(f, f.ownUserId)).rejects.toMatchObject({ statusCode: 400, code: '8523' });
  });

  it('that nobody answers while it rings is CreateCallFailed for the caller', async () => {
    const f = await fixture({ behaviour: { ringMs: 20 } });
    const caller = await callUser(f, user(f, 'be'));
    expect(await resultOf(f, 'CreateCallFailed', caller)).toMatchObject({ code: 408, subCode: 8541 });
    expect(await resultOf(f, 'CallDisconnected', caller)).toMatchObject({ code: 408, subCode: 8541 });
  });

  it('that is rejected as busy is CreateCallFailed with 8539, from a telephone with the details of its network', async () => {
    const f = await fixture();
    const caller = await callNumber(f, OTHER);
    const { incomingCallContext } = await incoming(f, `4:${OTHER}`);
    await f.client.rejectCall(incomingCallContext, { callRejectReason: 'busy' });
    expect(await resultOf(f, 'CreateCallFailed', caller)).toMatchObject({
      code: 486,
      subCode: 8539,
      sipDetails: { code: 486 },
    });
  });

  it('that the called one redirects to a telephone connects the caller with it', async () => {
    const f = await fixture();
    await f.control('POST', 'callees', {
      number: CALLER,
      takes: 'answers',
      steps: [{ type: 'wait', ms: 60_000 }],
    });
    const caller = await callNumber(f, OTHER);
    const { incomingCallContext } = await incoming(f, `4:${OTHER}`);
    await f.client.redirectCall(incomingCallContext, {
      targetParticipant: { phoneNumber: CALLER },
      sourceCallIdNumber: { phoneNumber: OTHER },
    });
    await f.callback('CallConnected', caller.path);
    await caller.connection.hangUp(true);
    await until(async () => {
      const { phones } = (await (await f.control('GET', `scripts/4:${CALLER}`)).json()) as {
        phones: { over: boolean }[];
      };
      return phones[0]?.over;
    }, 'the telephone to be off the line');
  });

  it('by redirectCall reaches another user of the resource, who then talks to the caller', async () => {
    const f = await fixture();
    const ben = user(f, 'be');
    const { incomingCallContext, call } = await f.ring();
    await f.client.redirectCall(incomingCallContext, { targetParticipant: { communicationUserId: ben } });
    const called = await answer(f, ben);
    expect(called.data.from.rawId).toBe(`4:${CALLER}`);
    call.hangUpByCaller();
    await f.callback('CallDisconnected', called.path);
  });

  it('by addParticipant raises IncomingCall with a context of headers, and one who leaves is off the roster', async () => {
    const f = await fixture();
    const ben = user(f, 'be');
    const { incomingCallContext, call } = await f.ring();
    const { callConnection } = await f.client.answerCall(incomingCallContext, f.callbackUrl);
    await f.callback('CallConnected');
    await callConnection.addParticipant({ targetParticipant: { communicationUserId: ben } });
    const called = await answer(f, ben);
    expect(called.data).toMatchObject({
      from: { rawId: f.ownUserId },
      customContext: { sipHeaders: {}, voipHeaders: {} },
      correlationId: call.ids.correlationId,
    });
    await f.callback('AddParticipantSucceeded');
    await called.connection.hangUp(false);
    await f.callbackWhere(
      'ParticipantsUpdated',
      ({ participants, sequenceNumber }) =>
        (participants as unknown[]).length === 2 && Number(sequenceNumber) > 1,
    );
    expect((await callConnection.getCallConnectionProperties()).callConnectionState).toBe('connected');
  });

  it('shows both applications one roster: whom one adds, puts on hold and loses', async () => {
    const f = await fixture();
    const [ben, carl] = [user(f, 'be'), user(f, 'ca')];
    const caller = await callUser(f, ben);
    const called = await answer(f, ben);
    await caller.connection.addParticipant({ targetParticipant: { communicationUserId: carl } });
    const added = await answer(f, carl, '/cb/added');
    /** Who is there, and who of them is on hold, as the last update of a side tells it. */
    const roster = ({ path }: Side): string => {
      const updates = f.callbacks(path).filter(({ type }) => type.endsWith('.ParticipantsUpdated'));
      const [newest] = updates.map(({ data }) => data).toSorted((a, b) => sequence(b) - sequence(a));
      const people = (newest?.['participants'] ?? []) as {
        identifier: { rawId: string };
        isOnHold: boolean;
      }[];
      const names = people.map(({ identifier, isOnHold }) => `${identifier.rawId}${isOnHold ? '*' : ''}`);
      return names.sort().join(' ');
    };
    const everywhere = (...people: string[]): Promise<unknown> => {
      const expected = people.toSorted().join(' ');
      const sides = [caller, called, added].slice(0, people.length);
      return until(() => sides.every((side) => roster(side) === expected), `everywhere ${expected}`);
    };
    await everywhere(f.ownUserId, ben, carl);
    await caller.connection.getCallMedia().hold({ communicationUserId: carl });
    await everywhere(f.ownUserId, ben, `${carl}*`);
    expect((await called.connection.getParticipant({ communicationUserId: carl })).isOnHold).toBe(true);
    for (const refused of [
      called.connection.removeParticipant({ communicationUserId: carl }),
      called.connection.muteParticipant({ communicationUserId: carl }),
      called.connection.getCallMedia().unhold({ communicationUserId: carl }),
    ])
      await expect(refused, 'not built').rejects.toMatchObject({ statusCode: 501 });
    await caller.connection.removeParticipant({ communicationUserId: carl });
    await everywhere(f.ownUserId, ben);
  });

  it('by addParticipant that is rejected is AddParticipantFailed', async () => {
    const f = await fixture();
    const ben = user(f, 'be');
    const { incomingCallContext } = await f.ring();
    const { callConnection } = await f.client.answerCall(incomingCallContext, f.callbackUrl);
    await f.callback('CallConnected');
    await callConnection.addParticipant({ targetParticipant: { communicationUserId: ben } });
    await f.client.rejectCall((await incoming(f, ben)).incomingCallContext);
    expect(await resultOf(f, 'AddParticipantFailed', { path: '/cb' })).toMatchObject({
      code: 603,
      subCode: 0,
    });
  });

  it('by addParticipant that is cancelled stops ringing', async () => {
    const f = await fixture();
    const ben = user(f, 'be');
    const { incomingCallContext } = await f.ring();
    const { callConnection } = await f.client.answerCall(incomingCallContext, f.callbackUrl);
    await f.callback('CallConnected');
    const { invitationId = '' } = await callConnection.addParticipant({
      targetParticipant: { communicationUserId: ben },
    });
    const ringing = await incoming(f, ben);
    await callConnection.cancelAddParticipantOperation(invitationId);
    await f.callback('CancelAddParticipantSucceeded');
    await expect(f.client.answerCall(ringing.incomingCallContext, f.callbackUrl)).rejects.toMatchObject({
      statusCode: 404,
      code: '8522',
    });
  });

  it('by transferCallToParticipant connects the transferred one with another user of the resource', async () => {
    const f = await fixture();
    const ben = user(f, 'be');
    const { incomingCallContext, call } = await f.ring();
    const { callConnection } = await f.client.answerCall(incomingCallContext, f.callbackUrl);
    await f.callback('CallConnected');
    await callConnection.transferCallToParticipant({ communicationUserId: ben });
    const called = await answer(f, ben);
    await f.callback('CallTransferAccepted');
    await f.callback('CallDisconnected');
    call.hangUpByCaller();
    await f.callback('CallDisconnected', called.path);
  });

  it('carries the keys that one application sends to the other', async () => {
    const f = await fixture();
    const caller = await callNumber(f, OTHER);
    const called = await answer(f, `4:${OTHER}`);
    await f.callback('CallConnected', caller.path);
    await called.connection.getCallMedia().startContinuousDtmfRecognition({ phoneNumber: OWN });
    await caller.connection.getCallMedia().sendDtmfTones(['five', 'pound'], { phoneNumber: OTHER });
    const tone = (name: string) =>
      f.callbackWhere('ContinuousDtmfRecognitionToneReceived', (data) => data['tone'] === name, called.path);
    expect([(await tone('five')).data['sequenceId'], (await tone('pound')).data['sequenceId']]).toEqual([
      1, 2,
    ]);
  });
});
