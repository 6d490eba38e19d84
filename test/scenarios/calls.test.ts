import { describe, expect, it } from 'vitest';
import type { CallReport } from '../../local/emulators/acs/control/call-report.ts';
import type { ProductCall } from '../../local/run/client/control-api.ts';
import { compileReport } from '../../local/run/client/report.ts';
import { findNumber } from '../../local/run/stack/directory.ts';
import { AUDIO_FORMATS, type AudioFormat } from '../../shared/audio/audio-format.ts';
import { callUntilHeard } from '../support/call-until-heard.ts';
import { expectHeard, isHeardToEnd } from '../support/heard.ts';
import { sharedSystem } from '../support/shared-system.ts';
import { noise, speechLike, tone } from '../support/signals.ts';
import { until } from '../support/until.ts';

const CALLER = '+14255550199';
const CALL_LIMIT_MS = 90_000;
/** For calls that a test ends itself, however long that takes. */
const STAYS_MS = 600_000;

const test = sharedSystem();

function number(worker: string, format: AudioFormat, startStreaming = true): string {
  const entry = test.system.directory.find(
    (each) => each.worker === worker && each.format === format && each.startStreaming === startStreaming,
  );
  if (entry === undefined) throw new Error(`the directory has no number for ${worker} in ${format}`);
  return entry.number;
}

/** What the telephone knows of the call, once it is answered. */
function callAnswered(id: string): Promise<CallReport> {
  return test.telephone.waitFor(id, 'the answer', ({ state }) => state === 'connected', CALL_LIMIT_MS);
}

/** The same, once the call has ended. */
function callEnded(id: string): Promise<CallReport> {
  return test.telephone.waitFor(id, 'the end', ({ state }) => state === 'disconnected', CALL_LIMIT_MS);
}

/** The call as the control app lists it. */
function liveCall({ callConnectionId = '' }: CallReport): Promise<ProductCall> {
  return until(() => test.control.findLive(callConnectionId), 'the call in the list');
}

function isTakenIncomingCall({ type, result }: CallReport['events'][number]): boolean {
  return type === 'IncomingCall' && typeof result === 'number' && result >= 200 && result < 300;
}

async function streamingIs(callId: string, state: string): Promise<void> {
  const isSo = async (): Promise<boolean> => (await test.control.call(callId))?.streaming.state === state;
  await until(isSo, `streaming ${state} in the control app`);
}

describe.concurrent.each(['pcm16KMono', 'pcm24KMono'] as const)('a call in %s', (format) => {
  const { sampleRateHz } = AUDIO_FORMATS[format];

  it('gives every sample back exactly once, in order and bit-exact, when the worker is an echo', async () => {
    const speech = { samples: speechLike(2 * sampleRateHz, sampleRateHz), sampleRateHz };
    const evidence = await callUntilHeard(
      test,
      { from: CALLER, to: number('echo', format), speech },
      isHeardToEnd(speech.samples, sampleRateHz),
    );
    const report = compileReport(evidence);
    expect(report.outcome).toBe('completed');
    expect(evidence.said.samples.subarray(0, speech.samples.length)).toEqual(speech.samples);
    const { startMs, gaps } = expectHeard(evidence, speech.samples);
    expect(
      evidence.heard.samples.subarray(0, (startMs * sampleRateHz) / 1_000).every((sample) => sample === 0),
      'expected nothing but silence before the echo',
    ).toBe(true);
    // The report knows an echo by one delay, which a torn one does not have.
    if (gaps.length === 0) expect(report.echo).toMatchObject({ exact: true });
    expect(report.workers).toMatchObject([{ name: 'echo', chunksFailed: 0, lostMs: 0, droppedMs: 0 }]);
  });

  it('comes back ring-modulated, without a click at any chunk boundary, when the worker is the robot', async () => {
    const speech = { samples: speechLike(2 * sampleRateHz, sampleRateHz), sampleRateHz };
    const expected = speech.samples.map((sample, n) =>
      Math.round(sample * Math.cos((2 * Math.PI * 50 * n) / sampleRateHz)),
    );
    const evidence = await callUntilHeard(
      test,
      { from: CALLER, to: number('robot', format), speech },
      isHeardToEnd(expected, sampleRateHz),
    );
    expectHeard(evidence, expected, 30);
  });
});

describe('media streaming', () => {
  it('waits for start, stops and starts again while the call stays up, and ends with the call', async () => {
    const { telephone, control } = test;
    const sampleRateHz = 16_000;
    const speech = { samples: noise(20 * sampleRateHz, 5), sampleRateHz };
    const to = number('echo', 'pcm16KMono', false);
    const id = await telephone.place({ from: CALLER, to, speech, tailMs: STAYS_MS, maxMs: STAYS_MS });
    const connected = await callAnswered(id);
    const { callId } = await liveCall(connected);
    await until(
      async () => (await control.call(callId))?.state === 'connected',
      'the call connected in the control app',
    );
    expect(connected.streams, 'no media before streaming/start').toEqual([]);

    expect(
      (await control.request('POST', `/calls/${callId}/streaming/stop`)).status,
      'stop before start',
    ).toBe(409);
    expect(
      (await control.request('POST', `/calls/${callId}/streaming/start`, { operationContext: 'mine' }))
        .status,
    ).toBe(202);
    await telephone.waitFor(
      id,
      'audio heard',
      (call) => (call.streams[0]?.samplesPlayed ?? 0) > sampleRateHz,
      CALL_LIMIT_MS,
    );
    // Audio may be heard before the control app is told that it streams.
    await streamingIs(callId, 'active');
    const again = await control.request('POST', `/calls/${callId}/streaming/start`);
    expect(again.status, 'a second start').toBe(409);
    expect(again.headers.get('content-type')).toContain('application/problem+json');
    expect(JSON.stringify(await again.json()), 'the problem names the state').toContain('active');

    expect((await control.request('POST', `/calls/${callId}/streaming/stop`)).status).toBe(202);
    await streamingIs(callId, 'inactive');
    const stopped = await telephone.call(id);
    expect(stopped.state, 'the call stays up').toBe('connected');

    expect((await control.request('POST', `/calls/${callId}/streaming/start`)).status).toBe(202);
    const resumed = await telephone.waitFor(
      id,
      'audio heard after the second start',
      (call) => (call.streams[1]?.samplesPlayed ?? 0) > sampleRateHz,
      CALL_LIMIT_MS,
    );
    expect(resumed.streams[0]?.framesSent, 'frames of the first stream after its stop').toBe(
      stopped.streams[0]?.framesSent,
    );

    expect((await control.request('POST', `/calls/${callId}/hang-up`)).status).toBe(202);
    const ended = await callEnded(id);
    expect(ended.outcome).toBe('hungUpByApplication');
    const over = await until(async () => {
      const call = await control.call(callId);
      return call?.state === 'ended' ? call : undefined;
    }, 'the call ended in the control app');
    expect(over.streaming.state).toBe('inactive');
    expect(
      (await control.request('POST', `/calls/${callId}/streaming/start`)).status,
      'start after the end',
    ).toBe(409);
  });
});

describe('many calls', () => {
  it('never lets a caller hear another one, with twenty calls at once', async () => {
    const sampleRateHz = 16_000;
    const evidence = await Promise.all(
      Array.from({ length: 20 }, (_, caller) => {
        const speech = { samples: tone(2 * sampleRateHz, sampleRateHz, 300 + 100 * caller), sampleRateHz };
        const from = `+142555501${String(caller).padStart(2, '0')}`;
        return callUntilHeard(
          test,
          { from, to: number('echo', 'pcm16KMono'), speech },
          (samples) => samples.filter((sample) => sample !== 0).length > sampleRateHz,
        );
      }),
    );
    const heard = evidence.map(({ heard: { samples } }) => dominantFrequencies(samples, sampleRateHz));
    expect(heard).toEqual(evidence.map((_, caller) => [300 + 100 * caller]));
  });

  it('answers a call once when its IncomingCall is delivered five times, two of them at once', async () => {
    const { telephone, control } = test;
    const id = await telephone.place({
      from: CALLER,
      to: number('echo', 'pcm16KMono'),
      tailMs: STAYS_MS,
      maxMs: STAYS_MS,
      deliveries: 5,
    });
    const live = await liveCall(await callAnswered(id));
    await telephone.waitFor(
      id,
      'five deliveries of IncomingCall to be taken',
      ({ events }) => events.filter(isTakenIncomingCall).length === 5,
      CALL_LIMIT_MS,
    );
    await telephone.hangUp(id);
    const ended = await callEnded(id);
    expect(ended.answers).toMatchObject({ accepted: 1, refused: 0 });
    const timeline = (await control.call(live.callId))?.timeline ?? [];
    expect(
      timeline.filter((entry) => entry.type === 'CallConnected').length,
      'CallConnected in the timeline',
    ).toBe(1);
  });
});

describe('the directory', () => {
  it('has a number for each worker', () => {
    expect(findNumber(test.system.directory, 'robot', 'pcm24KMono')).toMatch(/^\+142555501\d\d$/);
  });
});

/** Which multiples of 100 Hz from 300 to 2200 stand out in a recording. */
function dominantFrequencies(samples: Int16Array, sampleRateHz: number): number[] {
  const frequencies = Array.from({ length: 20 }, (_, i) => 300 + 100 * i);
  const powers = frequencies.map((frequency) => goertzel(samples, sampleRateHz, frequency));
  const loudest = Math.max(...powers);
  return frequencies.filter((_, i) => (powers[i] ?? 0) > loudest / 100);
}

/** Power at one frequency (Goertzel 1958). */
function goertzel(samples: Int16Array, sampleRateHz: number, frequencyHz: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * frequencyHz) / sampleRateHz);
  let before = 0;
  let last = 0;
  for (const sample of samples) {
    const next = sample + coefficient * last - before;
    before = last;
    last = next;
  }
  return last * last + before * before - coefficient * last * before;
}
