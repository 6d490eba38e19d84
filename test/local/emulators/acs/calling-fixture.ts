import type {
  AnswerCallOptions,
  CallConnection,
  CreateCallOptions,
} from '@azure/communication-call-automation';
import type { Call } from '../../../../local/emulators/acs/call/call.ts';
import type { PlaceCallRequest } from '../../../../local/emulators/acs/exchange/switchboard.ts';
import type { AcsOptions, AcsParts } from '../../../../local/emulators/acs/server/acs.ts';
import { type AcsFixture, CALLER, startAcsFixture } from './acs-fixture.ts';
import { FakeCallees, type FakePhone, fakePhone } from './fake-callees.ts';

export const OWN_NUMBER = '+14255550100';
export const AGENT = '8:acs:11111111-1111-1111-1111-111111111111_22222222-2222-2222-2222-222222222222';
export const COLLEAGUE = '8:acs:11111111-1111-1111-1111-111111111111_33333333-3333-3333-3333-333333333333';

/** 20 ms at 16 kHz. */
const FRAME_SAMPLES = 320;

/** The emulator, and telephones that it can call. */
export interface CallingFixture extends AcsFixture {
  readonly callees: FakeCallees;
}

export async function startCallingFixture(
  options: Partial<AcsOptions> &
    Partial<Pick<AcsParts, 'openMediaStream' | 'openTranscriptionStream' | 'ticker'>> = {},
): Promise<CallingFixture> {
  const callees = new FakeCallees();
  return { ...(await startAcsFixture({ ...options, callees })), callees };
}

/** A call from `CALLER`, answered and connected. */
export async function answeredCall(
  f: AcsFixture,
  options: AnswerCallOptions = {},
  request?: Partial<PlaceCallRequest>,
): Promise<{ call: Call; connection: CallConnection }> {
  const { call, incomingCallContext } = await f.ring(request);
  const { callConnection } = await f.client.answerCall(incomingCallContext, f.callbackUrl, options);
  await connected(f, call.ids.callConnectionId);
  return { call, connection: callConnection };
}

/** The same, of a telephone every sample of which has this value. */
export async function answeredSpeaker(
  f: AcsFixture,
  says: number,
  options: AnswerCallOptions = {},
): Promise<{ call: Call; connection: CallConnection; phone: FakePhone }> {
  const phone = fakePhone(`4:${CALLER}`, new Int16Array(FRAME_SAMPLES).fill(says));
  return { ...(await answeredCall(f, options, { phone: () => phone })), phone };
}

/** A call that the application places to `AGENT`, who answers. */
export async function placedCall(
  f: CallingFixture,
  options?: CreateCallOptions,
): Promise<{ connection: CallConnection; callConnectionId: string; phone: FakePhone }> {
  const target = { targetParticipant: { communicationUserId: AGENT } };
  const { callConnection, callConnectionProperties } = await f.client.createCall(
    target,
    f.callbackUrl,
    options,
  );
  const { callConnectionId = '' } = callConnectionProperties;
  const phone = (await f.callees.ringing(AGENT)).answer();
  await connected(f, callConnectionId);
  return { connection: callConnection, callConnectionId, phone };
}

/** Adds somebody to a call, who answers. */
export async function addAnswering(
  f: CallingFixture,
  connection: CallConnection,
  rawId: string,
  says?: Int16Array,
): Promise<FakePhone> {
  await connection.addParticipant({ targetParticipant: { communicationUserId: rawId } });
  const phone = (await f.callees.ringing(rawId)).answer(says);
  await f.callbackWhere('AddParticipantSucceeded', (data) => JSON.stringify(data).includes(rawId));
  return phone;
}

async function connected(f: AcsFixture, callConnectionId: string): Promise<void> {
  await f.callbackWhere('CallConnected', (data) => data['callConnectionId'] === callConnectionId);
}

export const caller = { phoneNumber: CALLER };
export const agent = { communicationUserId: AGENT };
export const colleague = { communicationUserId: COLLEAGUE };

/** What the SDK throws for a call or participant that is not there, and for an argument that does not fit. */
export const NOT_FOUND = { statusCode: 404, code: '8522' };
export const INVALID = { statusCode: 400, code: '8523' };

/** Of the participants of an event, in their order. */
export function rawIdsOf(participants: unknown): string[] {
  return (participants as { identifier: { rawId: string } }[]).map(({ identifier }) => identifier.rawId);
}
