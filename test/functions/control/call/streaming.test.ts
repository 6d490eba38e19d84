import { describe, expect, it } from 'vitest';
import {
  CONFIRM_LIMIT_MS,
  NO_STREAMING,
  RETRY_PAUSES_MS,
  type Streaming,
  type StreamingEvent,
  stepStreaming,
} from '../../../../functions/control/call/streaming.ts';
import { observeStreaming } from '../../../../functions/control/call/streaming-observed.ts';

const STABLE_STREAM_MS = 30_000;

const start = (id = 'r'): StreamingEvent => ({ type: 'start', id });
const stop = (id = 's'): StreamingEvent => ({ type: 'stop', id });
const started = (atMs?: number): StreamingEvent => ({ type: 'started', atMs });
const stopped = (atMs?: number): StreamingEvent => ({ type: 'stopped', atMs });
const failed = (atMs?: number): StreamingEvent => ({ type: 'failed', atMs, reason: 'why', retry: true });

function streamingAfter(...events: readonly StreamingEvent[]): Streaming {
  return events.reduce<Streaming>(
    (streaming, event) => stepStreaming(streaming, event, 0).streaming,
    NO_STREAMING,
  );
}

describe('starting and stopping', () => {
  it('goes from inactive to active and back, each step confirmed by ACS', () => {
    expect(streamingAfter(start()).state).toBe('starting');
    expect(streamingAfter(start(), started()).state).toBe('active');
    expect(streamingAfter(start(), started(), stop()).state).toBe('stopping');
    expect(streamingAfter(start(), started(), stop(), stopped()).state).toBe('inactive');
  });

  it.each([
    ['start', 'starting', streamingAfter(start()), start('other'), 'streaming-already-on'],
    ['start', 'active', streamingAfter(start(), started()), start('other'), 'streaming-already-on'],
    ['start', 'stopping', streamingAfter(start(), stop()), start('other'), 'streaming-stopping'],
    ['stop', 'inactive', NO_STREAMING, stop('other'), 'streaming-already-off'],
    ['stop', 'stopping', streamingAfter(start(), stop()), stop('other'), 'streaming-already-off'],
  ] as const)('refuses to %s while %s', (_what, _state, streaming, event, refusal) => {
    expect(stepStreaming(streaming, event, 0)).toEqual({ streaming, commands: [], refusal });
  });

  it('commands the same request again without a change', () => {
    for (const [streaming, event] of [
      [streamingAfter(start()), start()],
      [streamingAfter(start(), started(), stop()), stop()],
    ] as const) {
      const again = stepStreaming(streaming, event, 0);
      expect(again.streaming).toBe(streaming);
      expect(again.commands).toHaveLength(1);
    }
  });

  it('is no longer blocked by a request that ACS never confirmed', () => {
    expect(stepStreaming(streamingAfter(start()), start('again'), CONFIRM_LIMIT_MS).commands).toHaveLength(1);
    expect(
      stepStreaming(streamingAfter(start(), stop()), start('again'), CONFIRM_LIMIT_MS).commands,
    ).toHaveLength(1);
    expect(
      stepStreaming(streamingAfter(start(), stop()), stop('again'), CONFIRM_LIMIT_MS).commands,
    ).toHaveLength(1);
  });

  it('returns to where it was when ACS refuses to stop', () => {
    const refused: StreamingEvent = { type: 'stopFailed', id: 's', reason: 'no', assumed: false };
    expect(streamingAfter(start(), started(), stop(), refused).state).toBe('active');
    expect(streamingAfter(start(), stop(), refused).state).toBe('starting');
    expect(streamingAfter(start(), stop(), started(), refused).state, 'it had started meanwhile').toBe(
      'active',
    );
    expect(streamingAfter(start(), started(), stop('t'), refused).state, 'that was another request').toBe(
      'stopping',
    );
  });

  it('has failed when ACS refuses to start, and is not retried, since the one who asked is told', () => {
    const step = stepStreaming(streamingAfter(start()), { type: 'startFailed', id: 'r', reason: 'no' }, 0);
    expect(step.streaming).toMatchObject({ state: 'failed', reason: 'no' });
    expect(step.commands).toEqual([]);
  });

  it('can be stopped by somebody else', () => {
    expect(streamingAfter(start(), started(), stopped()).state).toBe('inactive');
  });
});

describe('late events', () => {
  it('change nothing when an event that happened after them has been applied', () => {
    const streaming = streamingAfter(start(), stop(), stopped(20));
    expect(stepStreaming(streaming, started(10), 0).streaming).toBe(streaming);
    expect(stepStreaming(streaming, failed(10), 0).streaming).toBe(streaming);
  });

  it('of a start do not undo a stop that was asked for meanwhile', () => {
    expect(streamingAfter(start(), stop(), started()).state).toBe('stopping');
  });
});

describe('a failure', () => {
  it('is retried a bounded number of times, with growing pauses', () => {
    let streaming = streamingAfter(start(), started());
    let nowMs = 0;
    for (const [index, pauseMs] of RETRY_PAUSES_MS.entries()) {
      const failure = stepStreaming(streaming, failed(), nowMs);
      expect(failure.commands).toEqual([{ type: 'scheduleRetry', retry: index + 1, atMs: nowMs + pauseMs }]);
      nowMs += pauseMs;
      const due = stepStreaming(failure.streaming, { type: 'retryDue', retry: index + 1 }, nowMs);
      expect(due.commands).toMatchObject([{ type: 'startMediaStreaming' }]);
      streaming = stepStreaming(due.streaming, started(), nowMs).streaming;
    }
    const last = stepStreaming(streaming, failed(), nowMs);
    expect(last.streaming).toMatchObject({ state: 'failed', reason: 'why' });
    expect(last.commands).toEqual([]);
    expect(RETRY_PAUSES_MS).toHaveLength(3);
  });

  it('has all retries again after a stream that was stable', () => {
    const streaming: Streaming = { ...streamingAfter(start(), started()), retries: RETRY_PAUSES_MS.length };
    expect(stepStreaming(streaming, failed(), STABLE_STREAM_MS - 1).commands).toEqual([]);
    expect(stepStreaming(streaming, failed(), STABLE_STREAM_MS).commands).toMatchObject([{ retry: 1 }]);
  });

  it('is retried as well when ACS refuses an automatic start', () => {
    const failure = stepStreaming(streamingAfter(start(), started()), failed(), 0);
    const due = stepStreaming(failure.streaming, { type: 'retryDue', retry: 1 }, 1_000);
    const id = due.streaming.requestId ?? '';
    expect(
      stepStreaming(due.streaming, { type: 'startFailed', id, reason: 'no' }, 1_000).commands,
    ).toMatchObject([{ type: 'scheduleRetry', retry: 2 }]);
  });

  it('is not retried before its pause is over, nor twice, nor after a stop', () => {
    const failure = stepStreaming(streamingAfter(start(), started()), failed(), 0).streaming;
    const due: StreamingEvent = { type: 'retryDue', retry: 1 };
    expect(stepStreaming(failure, due, 10).commands).toEqual([]);
    const retried = stepStreaming(failure, due, 1_000).streaming;
    expect(stepStreaming(retried, due, 1_000).commands).toEqual([]);
    const called = stepStreaming(failure, stop(), 10);
    expect(called).toMatchObject({ streaming: { state: 'inactive' }, commands: [] });
    expect(stepStreaming(called.streaming, due, 1_000).commands).toEqual([]);
  });

  it('while stopping is the stop that was asked for', () => {
    expect(streamingAfter(start(), started(), stop(), failed())).toMatchObject({ state: 'inactive' });
  });

  it('is over when a start gets through after all', () => {
    expect(streamingAfter(start(), started(), failed(), started())).toMatchObject({ state: 'active' });
  });
});

describe('a stream that a relay has given up', () => {
  const abandon: StreamingEvent = { type: 'abandon', id: 'a', reason: 'no audio' };
  const abandoned = stepStreaming(streamingAfter(start(), started()), abandon, 0);

  it('has failed for good, and ACS is asked to stop it', () => {
    expect(abandoned).toMatchObject({ streaming: { state: 'failed', reason: 'no audio' }, gaveUp: true });
    expect(abandoned.commands).toEqual([{ type: 'stopMediaStreaming', id: 'a' }]);
    expect(abandoned.streaming).not.toHaveProperty('retryAtMs');
  });

  it.each([started(1), stopped(1), failed(1)])('stays so whatever ACS says of it: %o', (event) => {
    const { streaming, commands } = stepStreaming(abandoned.streaming, event, 1);
    expect(streaming).toMatchObject({ state: 'failed', reason: 'no audio' });
    expect(commands).toEqual([]);
  });

  it('is stopped again where ACS goes on', () => {
    const at = CONFIRM_LIMIT_MS;
    const seen = { askedAtMs: at, hasEnded: false, retry: true };
    const { streaming, commands } = observeStreaming(abandoned.streaming, { ...seen, active: true }, at);
    expect(streaming).toBe(abandoned.streaming);
    expect(commands).toEqual([{ type: 'stopMediaStreaming', id: 'a' }]);
    expect(observeStreaming(abandoned.streaming, { ...seen, active: false }, at).commands).toEqual([]);
  });

  it('can be started, and is then like any other', () => {
    const again = stepStreaming(abandoned.streaming, start('again'), 1).streaming;
    expect(again).toMatchObject({ state: 'starting', retries: 0 });
    expect(again).not.toHaveProperty('abandoned');
    expect(stepStreaming(again, started(2), 2).streaming.state).toBe('active');
  });

  it.each([
    ['stopping', streamingAfter(start(), started(), stop())],
    ['inactive', NO_STREAMING],
    ['failed', streamingAfter(start(), failed())],
  ])('takes its own course where it is %s', (_state, streaming) => {
    expect(stepStreaming(streaming, abandon, 1)).toEqual({ streaming, commands: [] });
  });
});
