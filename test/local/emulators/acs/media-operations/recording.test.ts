import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../../../support/until.ts';
import { MediaOperationsFixture, type OperatedCall, refusedWith } from './media-operations-fixture.ts';

const fixture = new MediaOperationsFixture();
afterEach(() => fixture.close());

/** States that were told at `/recording`. */
function told({ f }: OperatedCall): unknown[] {
  return f.callbacks('/recording').map(({ data }) => data['state']);
}

async function started(call: OperatedCall, pauseOnStart = false): Promise<string> {
  const { f, call: phoneCall } = call;
  const { recordingId } = await f.client.getCallRecording().start({
    callLocator: { id: phoneCall.ids.serverCallId, kind: 'serverCallLocator' },
    recordingStateCallbackEndpointUrl: f.callbackUrl.replace('/cb', '/recording'),
    pauseOnStart,
  });
  return recordingId;
}

describe('a recording', () => {
  it('is started, paused, resumed and stopped, and tells each change', async () => {
    const call = await fixture.answeredCall();
    const recording = call.f.client.getCallRecording();
    const id = await started(call);
    expect(await recording.getState(id)).toEqual({
      recordingId: id,
      recordingState: 'active',
      recordingKind: 'azureCommunicationServices',
    });
    await until(() => told(call).length === 2, 'the start to be told');
    expect(told(call).sort(), 'both at the same time').toEqual(['active', 'inactive']);
    await recording.pause(id);
    expect((await recording.getState(id)).recordingState).toBe('inactive');
    await until(() => told(call).length === 3, 'the pause to be told');
    await recording.resume(id);
    await until(() => told(call).length === 4, 'the resumption to be told');
    await recording.stop(id);
    await until(() => told(call).length === 5, 'the end to be told');
    expect(told(call).slice(2)).toEqual(['inactive', 'active', 'inactive']);
    const event = call.f.callbacks('/recording').find(({ data }) => data['state'] === 'active');
    expect(event?.type).toBe('Microsoft.Communication.RecordingStateChanged');
    expect(event?.data).toMatchObject({
      recordingId: id,
      recordingKind: 'azureCommunicationServices',
      serverCallId: call.call.ids.serverCallId,
      startDateTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}\+00:00$/),
    });
    await expect(recording.getState(id)).rejects.toEqual(refusedWith(404, '8522'));
    await expect(recording.stop(id)).rejects.toEqual(refusedWith(404, '8522'));
  });

  it('ends with its call', async () => {
    const call = await fixture.answeredCall();
    const id = await started(call, true);
    await call.f.client.getCallRecording().resume(id);
    await until(() => told(call).length === 2, 'the resumption to be told');
    await call.connection.hangUp(true);
    await until(() => told(call).length === 3, 'the end to be told');
    await expect(call.f.client.getCallRecording().getState(id)).rejects.toEqual(refusedWith(404, '8522'));
  });

  it('is refused beside another one of the call, for a call, group or room that is not there', async () => {
    const call = await fixture.answeredCall();
    const recording = call.f.client.getCallRecording();
    await started(call);
    await expect(started(call)).rejects.toEqual(refusedWith(400, '8553'));
    await expect(
      recording.start({ callLocator: { id: 'nobody', kind: 'serverCallLocator' } }),
    ).rejects.toEqual(refusedWith(404, '8522'));
    for (const kind of ['groupCallLocator', 'roomCallLocator'] as const) {
      await expect(recording.start({ callLocator: { id: 'r', kind } })).rejects.toEqual(
        refusedWith(404, '8522'),
      );
    }
    await expect(recording.pause('none')).rejects.toEqual(refusedWith(404, '8522'));
  });

  it('can be started by the connection id as well, once', async () => {
    const { f, call } = await fixture.answeredCall();
    const result = await f.client.getCallRecording().start({ callConnectionId: call.ids.callConnectionId });
    expect(result.recordingId).not.toBe('');
  });
});
