/**
 * Barge-in over real sockets, at the pace of real time: the relay's account of what was heard, beside what the ACS
 * emulator played.
 */
import { expect, it, onTestFinished } from 'vitest';
import { createOpenMediaStream } from '../../local/emulators/acs/media/media-stream.ts';
import { MediaTicker } from '../../local/emulators/acs/media/media-ticker.ts';
import type { MediaStream } from '../../local/emulators/acs/media/port.ts';
import { PHONE_FRAME_MS, type Phone } from '../../local/phone/phone.ts';
import type { LaneConnection, LaneListener, OpenLaneConnection } from '../../relay/lane/lane-connection.ts';
import type { Clock } from '../../shared/base/clock.ts';
import { formatRtp } from '../../shared/wire/lane/rtp.ts';
import type { LaneEvent } from '../../shared/wire/lane/worker-messages.ts';
import { RunningTime } from '../support/running-time.ts';
import { speechLike } from '../support/signals.ts';
import { until } from '../support/until.ts';
import { CONNECTION_ID, mediaUrl, startRelayFixture, ticketFor } from './relay-fixture.ts';

const CALLS = 25;
const INTERRUPTIONS_A_CALL = 4;
const SAMPLES_PER_MS = 16;
const BURST_FRAMES = 15;
const FRAME_SAMPLES = 320;
const BURST = speechLike(BURST_FRAMES * FRAME_SAMPLES, 16_000, { hasPauses: false });
/** A frame of the other side's clock, a piece of network, and timers. */
const TOLERANCE_MS = 40;
/** Ends only what hangs: on a busy machine time goes on slowly. */
const WAIT_MS = 60_000;

/** A caller who is silent until he is told to speak, and counts what he hears of the application. */
class Interrupter implements Phone {
  readonly rawId: string;
  #burst = 0;
  heardSamples = 0;

  constructor(rawId: string) {
    this.rawId = rawId;
  }

  burst(): void {
    this.#burst = BURST_FRAMES;
  }

  speak(): Int16Array | undefined {
    if (this.#burst === 0) return undefined;
    const at = (BURST_FRAMES - this.#burst) * FRAME_SAMPLES;
    this.#burst -= 1;
    return BURST.slice(at, at + FRAME_SAMPLES);
  }

  hear(_: Int16Array, fromApplication: number): void {
    this.heardSamples += fromApplication;
  }

  mediaStarted(): void {}
  mediaStopped(): void {}
  ended(): void {}
}

/** A worker that says whatever the test gives it, and keeps what it is told. */
class Talker {
  readonly interrupted: Extract<LaneEvent, { type: 'interrupted' }>[] = [];
  listener: LaneListener | undefined;
  #sequenceNumber = 0;

  connect(listener: LaneListener): LaneConnection {
    this.listener = listener;
    return {
      start: () => Promise.resolve(),
      sendAudio: () => queueMicrotask(() => listener.settled(true)),
      sendEvent: (event) => {
        if (event.type === 'interrupted') this.interrupted.push(event);
        queueMicrotask(() => listener.settled(true));
      },
      stop: () => {},
    };
  }

  say(samples: number, turn: number): void {
    this.#sequenceNumber += 1;
    const packet = {
      payloadType: 96,
      marker: true,
      sequenceNumber: this.#sequenceNumber,
      timestamp: 0,
      ssrc: turn,
    };
    const bytes = formatRtp({ ...packet, payload: new Uint8Array(samples * 2).fill(1) });
    this.listener?.message({ from: 'group', type: 'binary', bytes });
  }
}

/** The same time as the relay sees it. */
function relayClock({ clock }: RunningTime): Clock {
  return {
    nowMs: () => clock.now(),
    elapsedMs: () => clock.now(),
    after: (ms, run) => clock.after(ms, run),
  };
}

it('tells a worker within 40 ms how much of what it said was heard, in a hundred interruptions', async () => {
  const talkers = new Map<string, Talker>();
  const openConnection: OpenLaneConnection = ({ callId }, listener) => {
    const talker = new Talker();
    talkers.set(callId, talker);
    return talker.connect(listener);
  };
  // One time for both sides, in which they are never held up: what is judged is the relay's account, not the machine.
  const time = new RunningTime();
  onTestFinished(() => time.stop());
  const running = await startRelayFixture({ maxCalls: CALLS }, { openConnection, clock: relayClock(time) });
  const openMediaStream = createOpenMediaStream({
    ticker: new MediaTicker(time.clock),
    handshakeTimeoutMs: WAIT_MS,
  });

  /** How far the worker was told wrong at each interruption, in milliseconds. */
  const call = async (n: number): Promise<number[]> => {
    const callId = n.toString(16).padStart(16, '0');
    const workers = [
      { name: 'talker', listen: { mode: 'chunk', ms: 100 }, bargeIn: { policy: 'stop' } } as const,
    ];
    const plan = {
      format: 'pcm16KMono',
      channels: 'mixed',
      startStreaming: true,
      dtmf: false,
      workers,
    } as const;
    const phone = new Interrupter(`4:+1425555${n}`);
    const stream: MediaStream = openMediaStream(
      {
        url: mediaUrl(running, await ticketFor({ callId, plan }), callId),
        audioFormat: 'pcm16KMono',
        audioChannelType: 'mixed',
        enableBidirectional: true,
        enableDtmfTones: false,
        headers: { 'x-ms-call-connection-id': `${CONNECTION_ID}-${n}` },
        subscriptionId: 'subscription',
        phones: [phone],
      },
      { started: () => {}, failed: () => {}, closedByPeer: () => {} },
    );
    onTestFinished(() => stream.stop());
    const talker = await until(() => talkers.get(callId), 'the lane of the call', WAIT_MS);
    await until(() => stream.report().framesSent > 10, 'frames of the call', WAIT_MS);

    const errors: number[] = [];
    for (let i = 0; i < INTERRUPTIONS_A_CALL; i += 1) {
      const before = phone.heardSamples;
      talker.say(5_000 * SAMPLES_PER_MS, i);
      const heardEnough = before + (100 + ((n * 733 + i * 389) % 1_200)) * SAMPLES_PER_MS;
      await until(() => phone.heardSamples > heardEnough, 'some of the reply to be heard', WAIT_MS);
      phone.burst();
      const told = await until(() => talker.interrupted[i], 'the worker to be told', WAIT_MS);
      await until(() => stream.report().stopAudioCount === i + 1, 'StopAudio to arrive', WAIT_MS);
      const playedMs = (phone.heardSamples - before) / SAMPLES_PER_MS;
      expect(told.turn).toBe(i + 1);
      errors.push(Math.abs(told.playedMs - playedMs));
      talker.say(200 * SAMPLES_PER_MS, i);
      const quietFrames = stream.report().framesSent + BURST_FRAMES + 400 / PHONE_FRAME_MS;
      await until(() => stream.report().framesSent > quietFrames, 'the speech to end', WAIT_MS);
      expect((phone.heardSamples - before) / SAMPLES_PER_MS, 'audio of the old turn is not heard').toBe(
        playedMs,
      );
    }
    return errors;
  };

  const all = (await Promise.all(Array.from({ length: CALLS }, (_, n) => call(n)))).flat();
  expect(all).toHaveLength(CALLS * INTERRUPTIONS_A_CALL);
  const outside = all.filter((errorMs) => errorMs > TOLERANCE_MS);
  expect(outside, 'errors in ms of what the worker was told').toEqual([]);
}, 120_000);
