import { afterEach, describe, expect, it } from 'vitest';
import { createAcsCalls } from '../../../../../functions/control/adapters/acs/acs-call-client.ts';
import type { AcsCalls } from '../../../../../functions/control/call/acs-port.ts';
import { callControlFailure } from '../../../../support/acs-call-failure.ts';
import { CONNECTION_ID, PLAN } from '../../../../support/calls.ts';
import { type ScriptedAcs, type ScriptedAnswer, startScriptedAcs } from '../../../../support/scripted-acs.ts';

const running: ScriptedAcs[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((acs) => acs.close()));
});

async function against(...answers: ScriptedAnswer[]): Promise<{ acs: ScriptedAcs; control: AcsCalls }> {
  const acs = await startScriptedAcs(...answers);
  running.push(acs);
  const { connectionString } = acs;
  return { acs, control: createAcsCalls({ connectionString }, { allowInsecureConnection: true }) };
}

const request = {
  incomingCallContext: 'context',
  callbackUrl: 'https://control.example/api/callbacks/x',
  operationContext: 'x',
  media: { transportUrl: 'wss://relay.example/media/x?ticket=t', plan: { ...PLAN, dtmf: true } },
};

const properties = { callConnectionId: CONNECTION_ID, serverCallId: 'server', correlationId: 'correlation' };

function refusal(status: number, code: string, headers: Record<string, string> = {}): ScriptedAnswer {
  return { status, json: { error: { code, message: 'about +14255550123' } }, headers };
}

describe('what reaches ACS', () => {
  it('is the same request for ACS in every attempt to answer a call, where it is told so', async () => {
    const repeatability = {
      requestId: '7a0f8b1e-27a5-4c0e-9d55-2b1a3ccf9a10',
      firstSentMs: 1_800_000_000_000,
    };
    const { acs, control } = await against(
      { status: 200, json: properties },
      { status: 200, json: properties },
      { status: 200, json: properties },
    );
    await control.answer({ ...request, repeatability });
    await control.answer({ ...request, repeatability });
    await control.answer(request);
    const ids = acs.seen.map(({ repeatabilityId }) => repeatabilityId);
    expect(ids.slice(0, 2)).toEqual([repeatability.requestId, repeatability.requestId]);
    expect(acs.seen[1]?.firstSent).toBe('Fri, 15 Jan 2027 08:00:00 GMT');
    expect(ids[2], 'an attempt of its own').not.toBe(repeatability.requestId);
  });

  it('is an answer with the media options of the plan', async () => {
    const { acs, control } = await against({ status: 200, json: properties });
    expect(await control.answer(request)).toEqual(properties);
    expect(acs.seen).toMatchObject([
      {
        method: 'POST',
        path: '/calling/callConnections:answer',
        json: {
          incomingCallContext: 'context',
          callbackUri: 'https://control.example/api/callbacks/x',
          operationContext: 'x',
          mediaStreamingOptions: {
            transportUrl: 'wss://relay.example/media/x?ticket=t',
            transportType: 'websocket',
            contentType: 'audio',
            audioChannelType: 'mixed',
            startMediaStreaming: true,
            enableBidirectional: true,
            audioFormat: 'pcm16KMono',
            enableDtmfTones: true,
          },
        },
      },
    ]);
  });

  it('is a rejection', async () => {
    const { acs, control } = await against({ status: 204 });
    await control.reject('context', 'forbidden');
    expect(acs.seen).toMatchObject([
      {
        path: '/calling/callConnections:reject',
        json: { incomingCallContext: 'context', callRejectReason: 'forbidden' },
      },
    ]);
  });

  it('are start and stop of streaming, with a context where there is one', async () => {
    const { acs, control } = await against({ status: 202 });
    await control.startMediaStreaming(CONNECTION_ID, { operationContext: 'mine' });
    await control.stopMediaStreaming(CONNECTION_ID);
    expect(acs.seen.map(({ path, json }) => [path, json])).toEqual([
      [`/calling/callConnections/${CONNECTION_ID}:startMediaStreaming`, { operationContext: 'mine' }],
      [`/calling/callConnections/${CONNECTION_ID}:stopMediaStreaming`, {}],
    ]);
  });

  it('is one connection less, where the others are to go on talking', async () => {
    const { acs, control } = await against({ status: 204 });
    await control.hangUp(CONNECTION_ID, false);
    expect(acs.seen).toMatchObject([{ method: 'DELETE', path: `/calling/callConnections/${CONNECTION_ID}` }]);
  });

  it('is a hang-up for everybody', async () => {
    const { acs, control } = await against({ status: 204 });
    await control.hangUp(CONNECTION_ID, true);
    expect(acs.seen).toMatchObject([
      { method: 'POST', path: `/calling/callConnections/${CONNECTION_ID}:terminate` },
    ]);
  });

  it('is nothing over an unencrypted connection that was not allowed', async () => {
    const { acs } = await against({ status: 204 });
    const strict = createAcsCalls({ connectionString: acs.connectionString });
    await callControlFailure(strict.hangUp(CONNECTION_ID, true));
    expect(acs.seen).toEqual([]);
  });
});

describe('failures of ACS', () => {
  it('carry status and code, and no text of ACS', async () => {
    const { control } = await against(refusal(400, '8501'));
    const error = await callControlFailure(control.startMediaStreaming(CONNECTION_ID));
    expect(error.failure).toEqual({ status: 400, code: '8501', retryable: false });
    expect(error.message).toBe(
      'starting media streaming failed: Azure Communication Services answered 400 (code 8501)',
    );
    expect(error.callGone).toBe(false);
  });

  it.each([
    ['404', refusal(404, '8522')],
    ['the code for a call that was terminated', refusal(400, '8528')],
  ])('say that the call is gone with %s', async (_what, answer) => {
    const { control } = await against(answer);
    expect((await callControlFailure(control.hangUp(CONNECTION_ID, true))).callGone).toBe(true);
  });

  it('do not call a call gone whose streaming was not configured', async () => {
    const { control } = await against(refusal(405, '8522'));
    expect((await callControlFailure(control.startMediaStreaming(CONNECTION_ID))).callGone).toBe(false);
  });

  it.each([
    ['retry-after', '7', '7'],
    ['retry-after-ms', '1500', '2'],
  ])('keep %s, and starting is not repeated', async (name, value, kept) => {
    const { acs, control } = await against(refusal(429, '8529', { [name]: value }));
    const error = await callControlFailure(control.startMediaStreaming(CONNECTION_ID));
    expect(error.failure).toEqual({ status: 429, code: '8529', retryable: true, retryAfter: kept });
    expect(acs.seen).toHaveLength(1);
  });

  it('have an answer repeated as the same request, so that ACS acts on it once', async () => {
    const { acs, control } = await against({ status: 503 }, { status: 200, json: properties });
    expect((await control.answer(request)).callConnectionId).toBe(CONNECTION_ID);
    expect(acs.seen).toHaveLength(2);
    expect(acs.seen[0]?.repeatabilityId).toBeDefined();
    expect(acs.seen[1]?.repeatabilityId).toBe(acs.seen[0]?.repeatabilityId);
  });

  it('may pass when the connection is cut', async () => {
    const { control } = await against({ status: 0, cut: true });
    const error = await callControlFailure(control.startMediaStreaming(CONNECTION_ID));
    expect(error.failure).toEqual({ retryable: true, mayBeDone: true });
    expect(error.reason).toBe('Azure Communication Services did not answer');
  });

  it('may pass when nobody is there, and nothing has been done', async () => {
    const { acs, control } = await against();
    await acs.close();
    const error = await callControlFailure(control.startMediaStreaming(CONNECTION_ID));
    expect(error.failure).toEqual({ retryable: true });
  });

  it('may be of something that was done, where an attempt before the last had no clear answer', async () => {
    const unclear = { status: 503 };
    const busy = refusal(429, '8529', { 'retry-after-ms': '1' });
    const { acs, control } = await against(unclear, busy, busy);
    const error = await callControlFailure(control.answer(request));
    expect(acs.seen, 'attempts').toHaveLength(3);
    expect(error.failure).toMatchObject({ status: 429, retryable: true, mayBeDone: true });
  });

  it('are of nothing that was done, where ACS had asked to wait each time', async () => {
    const busy = refusal(429, '8529', { 'retry-after-ms': '1' });
    const { control } = await against(busy, busy, busy);
    const error = await callControlFailure(control.answer(request));
    expect(error.failure).toEqual({ status: 429, code: '8529', retryable: true, retryAfter: '1' });
  });

  it('include an answer without the id of the connection', async () => {
    const { control } = await against({ status: 200, json: {} });
    expect((await callControlFailure(control.answer(request))).failure.status).toBeUndefined();
  });
});
