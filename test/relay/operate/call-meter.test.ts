import { describe, expect, it } from 'vitest';
import type { LaneListener, OpenLaneConnection } from '../../../relay/lane/lane-connection.ts';
import { CallMeter } from '../../../relay/operate/call-meter.ts';
import { LatencyMetrics } from '../../../relay/operate/latency-metrics.ts';
import type { MediaPort } from '../../../relay/session/session-options.ts';
import { PLAN } from '../../support/calls.ts';
import { until } from '../../support/until.ts';
import { audioData, audioMetadata, frame } from '../listen/acs-messages.ts';
import { RelayClock } from '../relay-clock.ts';
import { ADMIN_TOKEN, dial, get, mediaUrl, startRelayFixture, ticketFor } from '../relay-fixture.ts';

function setUp() {
  const clock = new RelayClock();
  const metrics = new LatencyMetrics();
  const meter = new CallMeter(metrics, clock, 'pcm16KMono');
  const sent: unknown[] = [];
  const media = meter.media({
    play: (pcm) => void sent.push(pcm),
    stopAudio: () => void sent.push('stop'),
    bufferedBytes: () => 7,
    close: (cause) => void sent.push(cause),
  } satisfies MediaPort);
  let listener: LaneListener | undefined;
  const heard: unknown[] = [];
  const settled: boolean[] = [];
  let isConnected = true;
  const open = meter.lanes((_, given) => {
    listener = given;
    return {
      start: () => Promise.resolve(),
      sendEvent: () => {},
      stop: () => {},
      sendAudio: () => {},
      publish: () => isConnected,
    };
  });
  const lane = open(
    { callId: 'c', worker: 'w' },
    {
      message: (message) => heard.push(message),
      settled: (isAcked) => settled.push(isAcked),
      control: () => {},
      closed: () => {},
    },
  );
  return {
    clock,
    metrics,
    meter,
    media,
    sent,
    lane,
    heard,
    settled,
    reply: () => listener?.message({ from: 'reply', type: 'text' }),
    disconnect: () => {
      isConnected = false;
    },
    settle: (isAcked: boolean) => listener?.settled(isAcked),
  };
}

const AUDIO_100_MS = new Uint8Array(3_200);

describe('The meter of a call', () => {
  it('measures from a frame to the lane, and from there to the acknowledgement', async () => {
    const { clock, metrics, meter, lane, settle } = setUp();
    meter.frameIn(clock.elapsedMs());
    await clock.advance(3);
    lane.sendAudio(new Uint8Array(12));
    await clock.advance(70);
    settle(true);
    expect(metrics.frameToLane.snapshot()).toMatchObject({ sum: 3, count: 1 });
    expect(metrics.laneRoundTrip.snapshot()).toMatchObject({ sum: 70, count: 1 });
  });

  it('passes failures on and counts no round trip for them, nor for other events', () => {
    const { metrics, lane, settle, settled } = setUp();
    lane.sendAudio(new Uint8Array(12));
    settle(false);
    lane.sendEvent({ type: 'dtmf', tone: '1' });
    settle(true);
    expect(settled).toEqual([false, true]);
    expect(metrics.laneRoundTrip.snapshot().count).toBe(0);
  });

  it('measures the way to a resident worker, whose frames are published, and only of those that leave', async () => {
    const { clock, metrics, meter, lane, disconnect } = setUp();
    meter.frameIn(clock.elapsedMs());
    await clock.advance(4);
    expect(lane.publish?.(new Uint8Array(12))).toBe(true);
    lane.publish?.({ type: 'dtmf', tone: '1' });
    disconnect();
    expect(lane.publish?.(new Uint8Array(12))).toBe(false);
    expect(metrics.frameToLane.snapshot()).toMatchObject({ sum: 4, count: 1 });
  });

  it('passes StopAudio and the end of the stream on', () => {
    const { media, sent } = setUp();
    media.stopAudio();
    media.close('moved');
    expect(sent).toEqual(['stop', 'moved']);
    expect(media.bufferedBytes()).toBe(7);
  });

  it('measures from a reply to the audio that is sent next, once for each reply', async () => {
    const { clock, metrics, media, sent, heard, reply } = setUp();
    reply();
    await clock.advance(2);
    media.play(AUDIO_100_MS);
    media.play(AUDIO_100_MS);
    expect(metrics.replyToAcs.snapshot()).toMatchObject({ sum: 2, count: 1 });
    expect(sent).toEqual([AUDIO_100_MS, AUDIO_100_MS]);
    expect(heard).toHaveLength(1);
  });

  it('knows how much ACS still has to play, and when it ran dry for a moment', async () => {
    const { clock, metrics, media } = setUp();
    media.play(AUDIO_100_MS);
    await clock.advance(40);
    media.play(AUDIO_100_MS);
    expect(metrics.playout.snapshot()).toMatchObject({ sum: 60, count: 2 });
    await clock.advance(190);
    media.play(AUDIO_100_MS);
    expect(metrics.snapshot()).toMatchObject({ underruns: 1, underrunMs: 30 });
  });

  it('takes neither a long pause nor what follows StopAudio for a tear', async () => {
    const { clock, metrics, media } = setUp();
    media.play(AUDIO_100_MS);
    await clock.advance(2_000);
    media.play(AUDIO_100_MS);
    media.stopAudio();
    await clock.advance(150);
    media.play(AUDIO_100_MS);
    expect(metrics.snapshot().underruns).toBe(0);
  });
});

describe('frame_to_lane_ms', () => {
  it('counts the frames of a resident worker', async () => {
    let published = 0;
    const openConnection: OpenLaneConnection = (_, { settled }) => ({
      start: () => Promise.resolve(),
      sendAudio: () => {},
      sendEvent: () => queueMicrotask(() => settled(true)),
      publish: (message) => {
        if (message instanceof Uint8Array) published += 1;
        return true;
      },
      stop: () => {},
    });
    const running = await startRelayFixture({}, { openConnection });
    const plan = { ...PLAN, workers: [{ name: 'agent', listen: { mode: 'stream' } }] } as const;
    const acs = await dial(mediaUrl(running, await ticketFor({ plan })));
    acs.send(audioMetadata(), audioData(frame(1)), audioData(frame(2)), audioData(frame(3)));
    await until(() => published > 0, 'audio to be published');
    const { text } = await get(`${running.url}/metrics`, ADMIN_TOKEN);
    expect(text).toMatch(new RegExp(`^trunkline_relay_frame_to_lane_ms_count ${published}$`, 'm'));
  });
});
