import { beforeEach, describe, expect, it } from 'vitest';
import { invocationLog } from '../../../../functions/control/http/invocation.ts';
import { parseCallbacks } from '../../../../functions/control/triggers/call-events.ts';
import { applyCallbacks } from '../../../../functions/control/use-cases/apply-callbacks.ts';
import { listParticipants } from '../../../../functions/control/use-cases/list-participants.ts';
import { requestOperation } from '../../../../functions/control/use-cases/request-call-action.ts';
import type { CallOperation } from '../../../../shared/call/operation.ts';
import { aCall, CALL_ID, CONNECTION_ID } from '../../../support/calls.ts';
import { ControlFixture } from '../../../support/control-fixture.ts';

const PLAY: CallOperation = { type: 'play', source: { kind: 'text', text: 'my word is swordfish' } };
const TRANSFER: CallOperation = { type: 'transfer', target: '4:+14255550123' };

let fixture: ControlFixture;

beforeEach(async () => {
  fixture = new ControlFixture();
  await fixture.store.create(
    aCall({ phase: 'connected', callConnectionId: CONNECTION_ID, serverCallId: 'server' }),
  );
});

function operate(operation: CallOperation, callId = CALL_ID): ReturnType<typeof requestOperation> {
  return requestOperation(fixture.deps, callId, operation, invocationLog(fixture.context()));
}

async function tell(type: string, data: Record<string, unknown>, deps = fixture.deps): Promise<void> {
  const { callbacks } = parseCallbacks([fixture.callbackEvent(type, `${type}-${fixture.nowMs}`, data)]);
  await applyCallbacks(deps, CALL_ID, callbacks, invocationLog(fixture.context()));
}

describe('an operation on a call', () => {
  it('is asked of ACS under the id by which its result comes back', async () => {
    fixture.acs.operationAnswer = { invitationId: 'invitation' };
    const outcome = await operate({ type: 'addParticipant', target: '4:+14255550123' });
    expect(outcome).toMatchObject({ kind: 'accepted', answer: { invitationId: 'invitation' } });
    if (outcome.kind !== 'accepted') return;
    const { operationId } = outcome;
    expect(fixture.acs.operations[0]?.context).toEqual({
      operationContext: operationId,
      callbackUrl: `https://control.example/api/callbacks/${CALL_ID}`,
      serverCallId: 'server',
    });
    expect(outcome.call.operations).toMatchObject([{ id: operationId, state: 'pending' }]);
    await tell('AddParticipantSucceeded', { operationContext: operationId });
    expect((await fixture.store.get(CALL_ID))?.operations).toMatchObject([{ state: 'succeeded' }]);
    const timeline = await fixture.store.timeline(CALL_ID, 10);
    expect(timeline.map(({ type, details }) => [type, details['operationId']])).toEqual([
      ['OperationRequested', operationId],
      ['OperationAnswered', operationId],
      ['AddParticipantSucceeded', operationId],
    ]);
  });

  it('leaves nothing of what is played, said or called in log, row and timeline', async () => {
    await operate(PLAY);
    await operate(TRANSFER);
    const row = await fixture.store.get(CALL_ID);
    const kept = JSON.stringify([fixture.logged, row, await fixture.store.timeline(CALL_ID, 10)]);
    expect(kept).not.toMatch(/swordfish|4255550123/);
  });

  it('is in the account before ACS is asked, so that a quick result finds it', async () => {
    const operateAtAcs = fixture.acs.operate.bind(fixture.acs);
    fixture.acs.operate = async (connection, operation, context) => {
      await tell('PlayCompleted', { operationContext: context.operationContext });
      return operateAtAcs(connection, operation, context);
    };
    await operate(PLAY);
    expect((await fixture.store.get(CALL_ID))?.operations).toMatchObject([{ state: 'succeeded' }]);
  });

  it('is refused where the state of the call does not allow it, and ACS is not asked', async () => {
    await operate(TRANSFER);
    expect(await operate(TRANSFER)).toMatchObject({ kind: 'refused', refusal: 'transfer-under-way' });
    expect(fixture.acs.operations).toHaveLength(1);
    expect(await operate(PLAY, 'b'.repeat(32))).toEqual({ kind: 'unknown call' });
  });

  it('fails when ACS refuses it, and the account says why', async () => {
    fixture.acs.fail('operate', { status: 400, code: '8501', retryable: false });
    expect(await operate(PLAY)).toMatchObject({ kind: 'failed', error: { failure: { code: '8501' } } });
    expect((await fixture.store.get(CALL_ID))?.operations).toMatchObject([
      { state: 'failed', reason: expect.stringContaining('8501') },
    ]);
  });

  it('that ACS did not answer may have succeeded, as its result then tells', async () => {
    fixture.acs.fail('operate', { retryable: true });
    await operate(TRANSFER);
    const id = (await fixture.store.get(CALL_ID))?.operations[0]?.id;
    await tell('CallTransferAccepted', { operationContext: id });
    expect(await fixture.store.get(CALL_ID)).toMatchObject({
      operations: [{ state: 'succeeded' }],
      transferredAtMs: fixture.nowMs,
    });
  });

  it('ends the row where it turns out that ACS does not know the call', async () => {
    fixture.acs.fail('operate', { status: 404, code: '8522', retryable: false });
    fixture.acs.known = undefined;
    expect(await operate(PLAY)).toMatchObject({ kind: 'refused', refusal: 'call-ended' });
    expect(await fixture.store.get(CALL_ID)).toMatchObject({ phase: 'ended', endReason: 'gone' });
  });

  it('leaves the call where ACS does not know somebody on it', async () => {
    fixture.acs.fail('operate', { status: 404, code: '8522', retryable: false });
    expect((await operate({ type: 'removeParticipant', participant: '4:+1' })).kind).toBe('failed');
    expect((await fixture.store.get(CALL_ID))?.phase).toBe('connected');
  });

  it('is accepted when ACS took it on, though its answer could not be stored', async () => {
    const operateAtAcs = fixture.acs.operate.bind(fixture.acs);
    fixture.acs.operate = async (...asked) => {
      fixture.store.outage = true;
      return await operateAtAcs(...asked);
    };
    expect((await operate(PLAY)).kind).toBe('accepted');
  });
});

describe('what ACS tells of operations', () => {
  /** Waits for keys that somebody on the call presses: the id of that operation. */
  async function recognizing(): Promise<string> {
    const recognize = await operate({
      type: 'recognize',
      participant: '4:+14255550123',
      input: { kind: 'dtmf', maxTones: 4 },
    });
    return recognize.kind === 'accepted'
      ? recognize.operationId
      : expect.fail('recognizing was not accepted');
  }

  it('is recorded where it is about none of ours', async () => {
    await tell('PlayCompleted', { operationContext: 'op-unheard-of' });
    const [entry] = await fixture.store.timeline(CALL_ID, 10);
    expect(entry).toMatchObject({ type: 'PlayCompleted', details: { ignored: 'unknown operation' } });
    expect((await fixture.store.get(CALL_ID))?.operations).toEqual([]);
  });

  it('goes to the workers where it is what somebody typed, and nowhere else', async () => {
    const operationContext = await recognizing();
    const told: unknown[] = [];
    const deps = { ...fixture.deps, sendToWorkers: async (...message: unknown[]) => void told.push(message) };
    const data = { operationContext, recognitionType: 'dtmf', dtmfResult: { tones: ['seven', 'pound'] } };
    await tell('RecognizeCompleted', data, deps);
    expect(told).toEqual([
      [
        CALL_ID,
        { type: 'recognized', operationId: operationContext, kind: 'dtmf', tones: ['seven', 'pound'] },
      ],
    ]);
    const row = await fixture.store.get(CALL_ID);
    const kept = JSON.stringify([fixture.logged, row, await fixture.store.timeline(CALL_ID, 10)]);
    expect(kept).not.toContain('seven');
  });

  it('reaches nobody twice, and its failure to reach them harms nothing', async () => {
    const operationContext = await recognizing();
    let told = 0;
    const deps = {
      ...fixture.deps,
      sendToWorkers: async () => {
        told += 1;
        throw new Error('the message was seven');
      },
    };
    const data = { operationContext, dtmfResult: { tones: ['seven'] } };
    await tell('RecognizeCompleted', data, deps);
    await tell('RecognizeCompleted', data, deps);
    expect(told).toBe(1);
    expect(fixture.logged.join('\n')).not.toContain('seven');
    expect((await fixture.store.get(CALL_ID))?.operations).toMatchObject([{ state: 'succeeded' }]);
  });
});

describe('listing participants', () => {
  it('asks ACS, since their numbers are kept nowhere', async () => {
    fixture.acs.people = [{ rawId: '4:+14255550123', muted: false, onHold: true }];
    expect(await listParticipants(fixture.deps, CALL_ID)).toEqual({
      kind: 'participants',
      participants: fixture.acs.people,
    });
  });

  it('ends the row of a call that ACS does not know', async () => {
    fixture.acs.fail('participants', { status: 404, code: '8522', retryable: false });
    expect(await listParticipants(fixture.deps, CALL_ID)).toMatchObject({ refusal: 'call-ended' });
    expect((await fixture.store.get(CALL_ID))?.phase).toBe('ended');
    expect(await listParticipants(fixture.deps, CALL_ID)).toMatchObject({ refusal: 'call-ended' });
  });

  it('says what is wrong where there is nothing to list', async () => {
    expect(await listParticipants(fixture.deps, 'b'.repeat(32))).toEqual({ kind: 'unknown call' });
    await fixture.store.create(aCall({ callId: 'c'.repeat(32) }));
    expect(await listParticipants(fixture.deps, 'c'.repeat(32))).toMatchObject({
      refusal: 'call-not-connected',
    });
    fixture.acs.fail('participants', { status: 503, retryable: true });
    expect((await listParticipants(fixture.deps, CALL_ID)).kind).toBe('failed');
  });
});
