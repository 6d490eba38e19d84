import { describe, expect, it } from 'vitest';
import { formatAudioData, formatStopAudio } from '../../../relay/acs/acs-media.ts';
import type { LaneListener } from '../../../relay/lane/lane-connection.ts';
import { CallMeter } from '../../../relay/operate/call-meter.ts';
import { LatencyMetrics } from '../../../relay/operate/latency-metrics.ts';
import type { MediaSocket } from '../../../relay/session/media-socket.ts';
import { RelayClock } from '../relay-clock.ts';

function setUp() {
  const clock = new RelayClock();
  const hops = new LatencyMetrics();
  const meter = new CallMeter(hops, clock, 'pcm16KMono');
  const sent: string[] = [];
  const socket = meter.socket({
    send: (text) => sent.push(text),
    bufferedBytes: () => 7,
    close: () => {},
  } satisfies MediaSocket);
  let listener: LaneListener | undefined;
  const heard: unknown[] = [];
  const settled: boolean[] = [];
  const open = meter.lanes((_, given) => {
    listener = given;
    return {
      start: () => Promise.resolve(),
      sendEvent: () => {},
      stop: () => {},
      sendAudio: () => {},
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
    hops,
    meter,
    socket,
    sent,
    lane,
    heard,
    settled,
    reply: () => listener?.message({ from: 'reply', type: 'text' }),
    settle: (isAcked: boolean) => listener?.settled(isAcked),
  };
}

const AUDIO_100_MS = formatAudioData(new Uint8Array(3_200));

describe('The meter of a call', () => {
  it('measures from a frame to the lane, and from there to the acknowledgement', async () => {
    const { clock, hops, meter, lane, settle } = setUp();
    meter.frameIn();
    await clock.advance(3);
    lane.sendAudio(new Uint8Array(12));
    await clock.advance(70);
    settle(true);
    expect(hops.frameToLane.snapshot()).toMatchObject({ sum: 3, count: 1 });
    expect(hops.laneRoundTrip.snapshot()).toMatchObject({ sum: 70, count: 1 });
  });

  it('passes failures on and counts no round trip for them, nor for other events', () => {
    const { hops, lane, settle, settled } = setUp();
    lane.sendAudio(new Uint8Array(12));
    settle(false);
    lane.sendEvent({ type: 'dtmf', tone: '1' });
    settle(true);
    expect(settled).toEqual([false, true]);
    expect(hops.laneRoundTrip.snapshot().count).toBe(0);
  });

  it('measures from a reply to the audio that is sent next, once for each reply', async () => {
    const { clock, hops, socket, sent, heard, reply } = setUp();
    reply();
    await clock.advance(2);
    socket.send(AUDIO_100_MS);
    socket.send(AUDIO_100_MS);
    expect(hops.replyToAcs.snapshot()).toMatchObject({ sum: 2, count: 1 });
    expect(sent).toEqual([AUDIO_100_MS, AUDIO_100_MS]);
    expect(heard).toHaveLength(1);
  });

  it('knows how much ACS still has to play, and when it ran dry for a moment', async () => {
    const { clock, hops, socket } = setUp();
    socket.send(AUDIO_100_MS);
    await clock.advance(40);
    socket.send(AUDIO_100_MS);
    expect(hops.playout.snapshot()).toMatchObject({ sum: 60, count: 2 });
    await clock.advance(190);
    socket.send(AUDIO_100_MS);
    expect(hops).toMatchObject({ underruns: 1, underrunMs: 30 });
  });

  it('takes neither a long pause nor what follows StopAudio for a tear', async () => {
    const { clock, hops, socket } = setUp();
    socket.send(AUDIO_100_MS);
    await clock.advance(2_000);
    socket.send(AUDIO_100_MS);
    socket.send(formatStopAudio());
    await clock.advance(150);
    socket.send(AUDIO_100_MS);
    expect(hops.underruns).toBe(0);
  });
});
