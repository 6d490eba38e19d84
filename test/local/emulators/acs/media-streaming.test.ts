import { describe, expect, it } from 'vitest';
import { closedAfterEach } from '../../../support/closed-after-each.ts';
import { until } from '../../../support/until.ts';
import { startAcsFixture, types } from './acs-fixture.ts';
import { answered, failsWith, MEDIA } from './answered-call.ts';

const fixture = closedAfterEach(startAcsFixture);

describe('startMediaStreaming and stopMediaStreaming', () => {
  it('dial and close, with events that carry the context to the address of the operation', async () => {
    const f = await fixture();
    const connection = await answered(f, { mediaStreamingOptions: { ...MEDIA, startMediaStreaming: false } });
    expect(f.media.streams).toEqual([]);
    const media = connection.getCallMedia();
    const operationCallbackUrl = `${f.webhook.url}/op`;
    await media.startMediaStreaming({ operationContext: 'start-1', operationCallbackUrl });
    expect((await f.callback('MediaStreamingStarted', '/op')).data).toMatchObject({
      operationContext: 'start-1',
      mediaStreamingUpdate: { mediaStreamingStatusDetails: 'subscriptionStarted' },
    });
    await media.stopMediaStreaming({});
    expect(f.media.streams[0]?.stopped).toBe(true);
    expect((await f.callback('MediaStreamingStopped', '/op')).data).toMatchObject({
      operationContext: 'start-1',
      resultInformation: { code: 200, subCode: 0 },
    });
    await media.startMediaStreaming();
    expect(await until(() => f.media.streams[1], 'the second stream')).toMatchObject({ stopped: false });
    const [first, second] = f.media.streams;
    expect(second?.options.subscriptionId).not.toBe(first?.options.subscriptionId);
    expect(second?.options.headers['Authorization']).not.toBe(first?.options.headers['Authorization']);
  });

  it('refuse what the call cannot do', async () => {
    const f = await fixture();
    const without = (await answered(f)).getCallMedia();
    await expect(without.startMediaStreaming()).rejects.toEqual(failsWith(405, '8522'));
    await expect(without.stopMediaStreaming()).rejects.toEqual(failsWith(405, '8522'));

    const { incomingCallContext } = await f.ring();
    const slow = await f.client.answerCall(incomingCallContext, f.callbackUrl, {
      mediaStreamingOptions: MEDIA,
    });
    const connection = slow.callConnection;
    const { callConnectionId } = slow.callConnectionProperties;
    await until(
      () =>
        f
          .callbacks()
          .some(
            ({ type, data }) =>
              data['callConnectionId'] === callConnectionId && type.endsWith('MediaStreamingStarted'),
          ),
      'the stream of the second call',
    );
    const media = connection.getCallMedia();
    await expect(media.startMediaStreaming()).rejects.toEqual(failsWith(400, '8500'));
    await media.stopMediaStreaming();
    await expect(media.stopMediaStreaming()).rejects.toEqual(failsWith(400, '8500'));
    await expect(media.startMediaStreaming({ operationCallbackUrl: 'http://app.example/' })).rejects.toEqual(
      failsWith(400, '8523'),
    );
    await connection.hangUp(true);
    await expect(media.startMediaStreaming()).rejects.toEqual(failsWith(404, '8522'));
  });

  it('refuse before the call is established', async () => {
    const f = await fixture({ behaviour: { connectDelayMs: 30_000 } });
    const { incomingCallContext } = await f.ring();
    const { callConnection } = await f.client.answerCall(incomingCallContext, f.callbackUrl, {
      mediaStreamingOptions: MEDIA,
    });
    await expect(callConnection.getCallMedia().startMediaStreaming()).rejects.toEqual(failsWith(400, '8501'));
  });
});

describe('the media socket', () => {
  it.each([
    ['invalidUrl', 400, 8581],
    ['notAccepted', 500, 8603],
  ] as const)(
    'that cannot be opened (%s) leads to MediaStreamingFailed %i/%i, and the call goes on',
    async (failure, code, subCode) => {
      const f = await fixture();
      f.media.onOpen = ({ listener }) => listener.failed(failure, 'for the test');
      const connection = await answered(f, { mediaStreamingOptions: MEDIA });
      const failed = await f.callback('MediaStreamingFailed');
      expect(failed.data['resultInformation']).toMatchObject({ code, subCode });
      expect(await connection.getCallConnectionProperties()).toMatchObject({
        callConnectionState: 'connected',
        mediaStreamingSubscription: { state: 'inactive' },
      });
      f.media.onOpen = ({ listener }) => listener.started();
      await connection.getCallMedia().startMediaStreaming();
      await f.callback('MediaStreamingStarted');
    },
  );

  it('that the application closes leads to streamConnectionInterrupted', async () => {
    const f = await fixture();
    await answered(f, { mediaStreamingOptions: MEDIA });
    await f.callback('MediaStreamingStarted');
    f.media.streams[0]?.listener.closedByPeer(1006);
    expect((await f.callback('MediaStreamingFailed')).data['mediaStreamingUpdate']).toEqual({
      contentType: 'Audio',
      mediaStreamingStatus: 'mediaStreamingFailed',
      mediaStreamingStatusDetails: 'streamConnectionInterrupted',
    });
  });

  it('is dialled again where reconnecting is switched on', async () => {
    const f = await fixture({ behaviour: { reconnects: 1 } });
    const connection = await answered(f, { mediaStreamingOptions: MEDIA });
    await f.callback('MediaStreamingStarted');
    f.media.streams[0]?.listener.closedByPeer(1006);
    await until(
      () => f.callbacks().filter(({ type }) => type.endsWith('MediaStreamingStarted')).length === 2,
      'the second start',
    );
    const starts = f.callbacks().filter(({ type }) => type.endsWith('MediaStreamingStarted'));
    expect(starts[1]?.data['mediaStreamingUpdate']).toMatchObject({
      mediaStreamingStatusDetails: 'streamConnectionReestablished',
    });
    await connection.hangUp(true);
    await f.callback('CallDisconnected');
    expect(types(f)).not.toContain('MediaStreamingFailed');
  });
});
