import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Call } from '../../../../functions/control/call/model.ts';
import type { OperationRecord } from '../../../../functions/control/call/operations.ts';
import { listParticipants } from '../../../../functions/control/use-cases/list-participants.ts';
import { placeCall } from '../../../../functions/control/use-cases/place-call.ts';
import { callIdOfContext } from '../../../../functions/control/use-cases/receive-incoming-call.ts';
import {
  requestCallAction,
  requestOperation,
} from '../../../../functions/control/use-cases/request-call-action.ts';
import { sweepCalls } from '../../../../functions/control/use-cases/sweep-calls.ts';
import type { CallOperation } from '../../../../shared/call/operation.ts';
import { ControlWithAcsFixture } from '../../../support/control-with-acs-fixture.ts';
import { silentLog as log } from '../../../support/silent-log.ts';
import { until } from '../../../support/until.ts';

const CALLER = '+14255550123';
const CALLER_ID = `4:${CALLER}`;
const OWN_NUMBER = '+14255550100';
const COLLEAGUE = '8:acs:11111111-1111-1111-1111-111111111111_33333333-3333-3333-3333-333333333333';
const TEXT = { kind: 'text', text: 'one moment please' } as const;

let fixture: ControlWithAcsFixture;
let numbers = 0;

beforeAll(async () => {
  fixture = await ControlWithAcsFixture.start([
    { name: 'elsewhere', match: { to: '+14255550198' }, action: 'redirect', redirectTo: '+14255550177' },
    {
      name: 'everyone',
      startStreaming: false,
      transcription: { url: 'ws://127.0.0.1:9/', locale: 'en-US' },
    },
    { name: 'placed', match: { direction: 'outbound', to: '+1425*' } },
  ]);
});

afterAll(() => fixture.close());

/** A call that has come in and is connected. */
async function connected(): Promise<Call> {
  numbers += 1;
  const to = `+1425555${String(2_000 + numbers)}`;
  fixture.ring(to, CALLER);
  return await fixture.callTo(to, ({ phase }) => phase === 'connected', 'the call to be connected');
}

async function operate(callId: string, operation: CallOperation): ReturnType<typeof requestOperation> {
  return await requestOperation(await fixture.deps(), callId, operation, log);
}

async function accepted(
  callId: string,
  operation: CallOperation,
): Promise<Extract<Awaited<ReturnType<typeof requestOperation>>, { kind: 'accepted' }>> {
  const outcome = await operate(callId, operation);
  if (outcome.kind === 'accepted') return outcome;
  throw new Error(`the operation ${operation.type} was not accepted: ${JSON.stringify(outcome)}`);
}

/** What the call's account says of an operation, once it is settled. */
async function settled(callId: string, operationId: string): Promise<OperationRecord | undefined> {
  const record = ({ operations }: Call): OperationRecord | undefined =>
    operations.find(({ id }) => id === operationId);
  const isSettled = (call: Call): boolean => record(call)?.state !== 'pending';
  return record(await fixture.call(callId, isSettled, `the operation ${operationId} to be settled`));
}

async function outcomeOf(callId: string, operation: CallOperation): Promise<OperationRecord | undefined> {
  const { operationId } = await accepted(callId, operation);
  return await settled(callId, operationId);
}

async function hangUp(callId: string): Promise<void> {
  await requestCallAction(await fixture.deps(), callId, { type: 'HangUpRequested' }, log);
  await fixture.call(callId, ({ phase }) => phase === 'ended', 'the call to end');
}

async function callee(number: string, takes: string, afterMs = 0): Promise<void> {
  await fixture.controlAcs('callees', { number, takes, afterMs });
}

async function place(number: string): Promise<Call> {
  const request = { to: `4:${number}`, callerId: OWN_NUMBER };
  const outcome = await placeCall(await fixture.deps(), { request }, log);
  if (outcome.kind !== 'placing') throw new Error(`the call was not placed: ${outcome.kind}`);
  return outcome.call;
}

describe('a call that comes in', () => {
  it('is redirected where its route says so', async () => {
    await callee('+14255550177', 'answers');
    const call = fixture.ring('+14255550198');
    await until(() => call.outcome === 'redirected', 'it to ring elsewhere');
    const callId = callIdOfContext(call.ids.incomingCallContext);
    await fixture.call(callId, ({ phase }) => phase === 'ended', 'the row to end');
  });
});

describe('operations on a call, against ACS', () => {
  it('succeed and fail as ACS tells, and the timeline tells it in order', async () => {
    const { callId } = await connected();
    await callee('+14255550111', 'busy');
    expect(await outcomeOf(callId, { type: 'play', source: TEXT })).toMatchObject({ state: 'succeeded' });
    expect(
      await outcomeOf(callId, { type: 'addParticipant', target: '4:+14255550111', callerId: OWN_NUMBER }),
    ).toMatchObject({ state: 'failed', reason: expect.stringContaining('8539') });
    expect(
      await outcomeOf(callId, { type: 'sendDtmf', participant: CALLER_ID, tones: ['one'] }),
    ).toMatchObject({ state: 'succeeded' });
    expect(await outcomeOf(callId, { type: 'startTranscription', locale: 'en-US' })).toMatchObject({
      state: 'failed',
    });
    await hangUp(callId);
    const timeline = await fixture.timelineWith(callId, 'CallDisconnected');
    expect(timeline, 'entered before or after CallConnected, which may overtake the answer').toContain(
      'AnswerSucceeded',
    );
    const story = [
      'IncomingCall',
      'CallConnected',
      'PlayStarted',
      'PlayCompleted',
      'AddParticipantFailed',
      'SendDtmfTonesCompleted',
      'TranscriptionFailed',
      'HangUpRequested',
      'CallDisconnected',
    ];
    expect(timeline.filter((type) => story.includes(type))).toEqual(story);
    expect(timeline.filter((type) => type === 'OperationRequested')).toHaveLength(4);
  });

  it('hold and release somebody, as the participants show', async () => {
    const { callId } = await connected();
    expect(await outcomeOf(callId, { type: 'hold', participant: CALLER_ID })).toMatchObject({
      state: 'succeeded',
    });
    await fixture.call(callId, ({ held }) => held === 1, 'somebody to be on hold');
    const listed = await listParticipants(await fixture.deps(), callId);
    expect(listed).toMatchObject({ kind: 'participants' });
    if (listed.kind === 'participants')
      expect(listed.participants).toContainEqual({ rawId: CALLER_ID, muted: false, onHold: true });
    await accepted(callId, { type: 'unhold', participant: CALLER_ID });
    await fixture.call(callId, ({ held }) => held === 0, 'nobody to be on hold');
    await hangUp(callId);
  });

  it('record a call, and refuse what does not go with the state of the recording', async () => {
    const { callId } = await connected();
    const record = { type: 'startRecording', content: 'audio', channels: 'mixed', format: 'wav' } as const;
    const { answer, call } = await accepted(callId, record);
    expect(call.recording).toMatchObject({ state: 'recording', recordingId: answer.recordingId });
    expect(await operate(callId, record)).toMatchObject({ refusal: 'recording-already-on' });
    await accepted(callId, { type: 'pauseRecording' });
    expect(await operate(callId, { type: 'pauseRecording' })).toMatchObject({ refusal: 'recording-paused' });
    await accepted(callId, { type: 'resumeRecording' });
    const stopped = await accepted(callId, { type: 'stopRecording' });
    expect(stopped.call.recording.state).toBe('inactive');
    // It is active, inactive while it pauses, active and inactive.
    await fixture.timelineWith(callId, 'RecordingStateChanged', 4);
    expect((await (await fixture.deps()).store.get(callId))?.recording.state).toBe('inactive');
    await hangUp(callId);
  });

  it('take an invitation back', async () => {
    const { callId } = await connected();
    await callee('+14255550112', 'noAnswer');
    const invited = await accepted(callId, {
      type: 'addParticipant',
      target: '4:+14255550112',
      callerId: OWN_NUMBER,
    });
    const { invitationId = '' } = invited.answer;
    expect(await outcomeOf(callId, { type: 'cancelAddParticipant', invitationId })).toMatchObject({
      state: 'succeeded',
    });
    expect(await settled(callId, invited.operationId)).toMatchObject({
      state: 'failed',
      reason: 'cancelled',
    });
    await hangUp(callId);
  });

  it('fail where ACS does not know what they are about, and the call goes on', async () => {
    const { callId } = await connected();
    const outcome = await operate(callId, { type: 'removeParticipant', participant: COLLEAGUE });
    expect(outcome).toMatchObject({ kind: 'failed', error: { failure: { status: 404 } } });
    expect(await (await fixture.deps()).store.get(callId)).toMatchObject({
      phase: 'connected',
      operations: [{ type: 'removeParticipant', state: 'failed' }],
    });
    await hangUp(callId);
  });

  it('transfer a call, which then ends for us', async () => {
    const { callId } = await connected();
    await callee('+14255550113', 'answers', 100);
    // However late the second request comes: what ACS tells of the first is not heard before.
    const operationId = await fixture.unheard(async () => {
      const first = await accepted(callId, { type: 'transfer', target: '4:+14255550113' });
      expect(await operate(callId, { type: 'transfer', target: COLLEAGUE })).toMatchObject({
        refusal: 'transfer-under-way',
      });
      return first.operationId;
    });
    const call = await fixture.call(
      callId,
      ({ phase, transferredAtMs }) => phase === 'ended' && transferredAtMs !== undefined,
      'the call to be handed over',
    );
    expect(call.operations.find(({ id }) => id === operationId)?.state).toBe('succeeded');
  });
});

describe('a call that is placed, against ACS', () => {
  it('is connected and streamed when it is answered, and can be hung up', async () => {
    await callee('+14255550131', 'answers', 20);
    const { callId } = await place('+14255550131');
    // The two are told at the same time, in any order.
    const call = await fixture.call(
      callId,
      ({ phase, streaming }) => phase === 'connected' && streaming.state === 'active',
      'the call to be connected and streaming',
    );
    expect(call).toMatchObject({ direction: 'outbound', route: 'placed' });
    expect(fixture.socketsOf(callId)).toHaveLength(1);
    await hangUp(callId);
    const timeline = await fixture.timeline(callId);
    expect(timeline[0]).toBe('PlaceRequested');
    expect(timeline).toContain('PlaceSucceeded');
  });

  it.each([
    ['busy', 'busy', '+14255550132'],
    ['declines', 'declined', '+14255550133'],
    ['unavailable', 'not-reachable', '+14255550134'],
  ] as const)('has failed when the other side is %s: %s', async (takes, failure, number) => {
    await callee(number, takes);
    const { callId } = await place(number);
    const call = await fixture.call(callId, ({ phase }) => phase === 'ended', 'the call to end');
    expect(call).toMatchObject({ failure, streaming: { state: 'inactive' } });
  });

  it('can be hung up while it rings', async () => {
    await callee('+14255550135', 'noAnswer');
    const { callId } = await place('+14255550135');
    await hangUp(callId);
    expect((await (await fixture.deps()).store.get(callId))?.connectedAtMs).toBeUndefined();
  });

  it('needs a route that lets it', async () => {
    const deps = await fixture.deps();
    const outcome = await placeCall(deps, { request: { to: '4:+19005550100', callerId: OWN_NUMBER } }, log);
    expect(outcome).toEqual({ kind: 'no route' });
    const named = { request: { to: '4:+14255550131', callerId: OWN_NUMBER }, route: 'everyone' };
    expect(await placeCall(deps, named, log)).toEqual({ kind: 'no route' });
  });
});

describe('a sweep, against ACS', () => {
  it('ends the row of a call that ACS no longer knows, whose end nobody was told of', async () => {
    const ringing = fixture.ring('+14255553000', CALLER);
    const isConnected = ({ phase }: Call): boolean => phase === 'connected';
    const { callId } = await fixture.callTo('+14255553000', isConnected, 'the call to be connected');
    const deps = await fixture.deps();
    const { handlers } = fixture.host;
    fixture.host.handlers = undefined;
    await deps.acs.hangUp(ringing.ids.callConnectionId, true);
    await until(() => ringing.state === 'disconnected', 'ACS to end the call');
    // A call that looks well has its turn once in five minutes.
    const laterMs = Date.now() + 55 * 60_000;
    for (let minute = 0; minute < 5; minute += 1) {
      const now = (): number => laterMs + minute * 60_000;
      await sweepCalls({ ...deps, clock: { ...deps.clock, now } }, log);
    }
    fixture.host.handlers = handlers;
    expect(await deps.store.get(callId)).toMatchObject({ phase: 'ended', endReason: 'gone' });
  });
});
