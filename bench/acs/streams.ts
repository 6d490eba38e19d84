/**
 * The emulator's process of the measurement: phones with recordings on as many media streams as are asked for, and
 * nothing else.
 */
import { createHistogram, PerformanceObserver, performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { createOpenMediaStream } from '../../local/emulators/acs/media/media-stream.ts';
import type { MediaStream } from '../../local/emulators/acs/media/port.ts';
import { MeteredPhone } from '../../local/emulators/acs/telephones/metered-phone.ts';
import { systemClock } from '../../local/emulators/common/clock.ts';
import { WavPhone } from '../../local/phone/wav-phone.ts';
import { waitedForCoreMs } from '../common/core-wait.ts';
import type { Failed } from '../common/pinned-process.ts';
import type { Measured, MeasureRequest } from './messages.ts';

const SAMPLE_RATE_HZ = 16_000;
const SPEECH_SECONDS = 60;
const OPEN_LIMIT_MS = 20_000;
/** Streams opened at a time, and the pause after them: the calls of a day do not begin in the same millisecond. */
const OPENED_AT_ONCE = 5;
const OPENING_PAUSE_MS = 23;

const lateness = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 });
const openMediaStream = createOpenMediaStream({
  handshakeTimeoutMs: OPEN_LIMIT_MS,
  onFrame: (lateMs) => lateness.record(Math.max(1, Math.round(lateMs * 1_000))),
});

let longestGcMs = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) longestGcMs = Math.max(longestGcMs, entry.duration);
}).observe({ entryTypes: ['gc'] });

/** Noise as loud as speech: no frame is silent, none like another. */
const speech = (() => {
  let state = 1;
  return Int16Array.from({ length: SPEECH_SECONDS * SAMPLE_RATE_HZ }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return ((state >>> 16) % 8_000) - 4_000;
  });
})();

async function openStreams({ url, calls }: MeasureRequest): Promise<MediaStream[]> {
  const streams: MediaStream[] = [];
  let started = 0;
  let failure: string | undefined;
  for (let call = 0; call < calls; call++) {
    const phone = new WavPhone({
      rawId: `4:+1425555${String(call).padStart(4, '0')}`,
      speech: { samples: speech, sampleRateHz: SAMPLE_RATE_HZ },
      tailMs: 3_600_000,
      maxMs: 3_600_000,
      onHangUp: () => {},
    });
    const options = {
      url,
      audioFormat: 'pcm16KMono',
      audioChannelType: 'mixed',
      enableBidirectional: true,
      enableDtmfTones: false,
      headers: {},
      subscriptionId: `subscription-${call}`,
      phones: [new MeteredPhone(phone, systemClock)],
    } as const;
    streams.push(
      openMediaStream(options, {
        started: () => {
          started += 1;
        },
        failed: (_, detail) => {
          failure = detail;
        },
        closedByPeer: (code) => {
          failure = `the application closed a socket with ${code}`;
        },
      }),
    );
    if (call % OPENED_AT_ONCE === OPENED_AT_ONCE - 1) await delay(OPENING_PAUSE_MS);
  }
  const giveUpMs = performance.now() + OPEN_LIMIT_MS;
  while (started < calls) {
    if (failure !== undefined) throw new Error(failure);
    if (performance.now() > giveUpMs) throw new Error(`only ${started} of ${calls} streams were opened`);
    await delay(5);
  }
  return streams;
}

async function measure(request: MeasureRequest): Promise<Measured> {
  const streams = await openStreams(request);
  const total = (of: 'framesSent' | 'framesDropped' | 'samplesPlayed'): number =>
    streams.reduce((sum, stream) => sum + stream.report()[of], 0);
  await delay(request.warmUpMs);
  lateness.reset();
  longestGcMs = 0;
  const before = {
    frames: total('framesSent'),
    dropped: total('framesDropped'),
    played: total('samplesPlayed'),
  };
  const waitedBefore = waitedForCoreMs();
  const startMs = performance.now();
  const cpuBefore = process.cpuUsage();
  const loopBefore = performance.eventLoopUtilization();
  await delay(request.measureMs);
  const cpu = process.cpuUsage(cpuBefore);
  const loop = performance.eventLoopUtilization(loopBefore);
  const elapsedMs = performance.now() - startMs;
  const waitedAfter = waitedForCoreMs();
  const frames = total('framesSent') - before.frames;
  const measured: Measured = {
    type: 'measured',
    calls: request.calls,
    latenessMs: {
      p50: lateness.percentile(50) / 1_000,
      p99: lateness.percentile(99) / 1_000,
      max: lateness.max / 1_000,
    },
    frames,
    dropped: total('framesDropped') - before.dropped,
    heardFrames: (total('samplesPlayed') - before.played) / (SAMPLE_RATE_HZ / 50),
    cpuMicrosecondsPerFrame: (cpu.user + cpu.system) / frames,
    cpuShare: (cpu.user + cpu.system) / 1_000 / elapsedMs,
    loopShare: loop.utilization,
    longestGcMs,
    ...(waitedBefore === undefined || waitedAfter === undefined
      ? {}
      : { waitedShare: (waitedAfter - waitedBefore) / elapsedMs }),
  };
  for (const stream of streams) stream.stop();
  return measured;
}

process.on('message', (request: MeasureRequest) => {
  measure(request).then(
    (measured) => process.send?.(measured),
    (error: unknown) => process.send?.({ type: 'failed', message: String(error) } satisfies Failed),
  );
});
process.once('disconnect', () => process.exit(0));
