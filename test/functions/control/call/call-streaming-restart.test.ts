import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  NO_STREAMING,
  RETRY_PAUSES_MS,
  restartWaitMs,
  type Streaming,
  type StreamingEvent,
  stepStreaming,
} from '../../../../functions/control/call/streaming.ts';

const MAX_RESTARTS = 3;
const RESTART_PAUSE_MS = 2_000;
const RESTART_WINDOW_MS = 60_000;

const start: StreamingEvent = { type: 'start', id: 'r' };
const stop: StreamingEvent = { type: 'stop', id: 's' };
const restart: StreamingEvent = { type: 'restart', id: 'again' };
const started: StreamingEvent = { type: 'started', atMs: undefined };
const stopped: StreamingEvent = { type: 'stopped', atMs: undefined };
const failed = (retry: boolean): StreamingEvent => ({
  type: 'failed',
  atMs: undefined,
  reason: 'why',
  retry,
});

function streamingAfter(...events: readonly StreamingEvent[]): Streaming {
  return events.reduce<Streaming>(
    (streaming, event) => stepStreaming(streaming, event, 0).streaming,
    NO_STREAMING,
  );
}

const ACTIVE = streamingAfter(start, started);
const RESTARTING = streamingAfter(start, started, restart);

describe('restarting', () => {
  it('stops a stream, and starts it again once ACS says that it has stopped', () => {
    const stopping = stepStreaming(ACTIVE, restart, 0);
    expect(stopping.commands).toEqual([{ type: 'stopMediaStreaming', id: 'again' }]);
    expect(stopping.streaming.state).toBe('stopping');
    const again = stepStreaming(stopping.streaming, stopped, 0);
    expect(again.commands).toEqual([{ type: 'startMediaStreaming', id: 'again-again' }]);
    expect(again.streaming).toMatchObject({ state: 'starting' });
    expect(again.streaming).not.toHaveProperty('restart');
    expect(stepStreaming(again.streaming, started, 0).streaming.state).toBe('active');
  });

  it('starts again as well where the stream broke before it could be stopped, unless the call is ending', () => {
    expect(stepStreaming(RESTARTING, failed(true), 0).commands).toHaveLength(1);
    expect(stepStreaming(RESTARTING, failed(false), 0)).toMatchObject({
      streaming: { state: 'inactive' },
      commands: [],
    });
  });

  it('is tried again, after the shortest pause, when ACS does not start', () => {
    const starting = streamingAfter(start, started, restart, stopped);
    const event: StreamingEvent = { type: 'startFailed', id: 'again-again', reason: '500' };
    expect(stepStreaming(starting, event, 1_000)).toMatchObject({
      streaming: { state: 'failed', retryAtMs: 1_000 + (RETRY_PAUSES_MS[0] ?? 0) },
      commands: [{ type: 'scheduleRetry', retry: 1 }],
    });
  });

  it('is dialled again after the shortest pause when no relay takes the new stream', () => {
    const starting = streamingAfter(start, started, restart, stopped);
    expect(stepStreaming(starting, failed(true), 1_000).commands).toEqual([
      { type: 'scheduleRetry', retry: 1, atMs: 1_000 + (RETRY_PAUSES_MS[0] ?? 0) },
    ]);
  });

  it('goes on with the stream that there is when ACS does not stop', () => {
    const event: StreamingEvent = { type: 'stopFailed', id: 'again', reason: '500', assumed: false };
    const { streaming } = stepStreaming(RESTARTING, event, 0);
    expect(streaming.state).toBe('active');
    expect(stepStreaming(streaming, stopped, 0).commands).toEqual([]);
  });

  it('does not start again what somebody stops meanwhile', () => {
    const stopping = stepStreaming(RESTARTING, stop, 0);
    expect(stopping.refusal).toBeUndefined();
    expect(stepStreaming(stopping.streaming, stopped, 0)).toMatchObject({
      streaming: { state: 'inactive' },
      commands: [],
    });
  });

  it('is asked for only once at a time, and commands the same request again', () => {
    expect(stepStreaming(RESTARTING, { type: 'restart', id: 'other' }, 0)).toEqual({
      streaming: RESTARTING,
      commands: [],
    });
    expect(stepStreaming(RESTARTING, restart, 0).commands).toHaveLength(1);
  });

  it('is refused within 2 s of the last one, and when there were three within a minute', () => {
    const restartedAt = (...times: readonly number[]): Streaming => ({ ...ACTIVE, restartsMs: times });
    for (const [streaming, nowMs, waitMs] of [
      [ACTIVE, 0, 0],
      [restartedAt(10_000), 10_000, RESTART_PAUSE_MS],
      [restartedAt(10_000), 10_000 + RESTART_PAUSE_MS, 0],
      [restartedAt(0, 10_000, 20_000), 30_000, 30_000],
      [restartedAt(0, 10_000, 20_000), RESTART_WINDOW_MS, 0],
      // By the clock of an instance that is ahead.
      [restartedAt(3_600_000), 0, RESTART_PAUSE_MS],
    ] as const) {
      expect(restartWaitMs(streaming, nowMs)).toBe(waitMs);
      const { refusal, commands } = stepStreaming(streaming, restart, nowMs);
      expect({ refusal, commands: commands.length }).toEqual(
        waitMs > 0 ? { refusal: 'too-many-requests', commands: 0 } : { refusal: undefined, commands: 1 },
      );
    }
  });

  it('remembers no more restarts than it may accept, however often it is asked', () => {
    const asked = fc.array(fc.integer({ min: 0, max: 30_000 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(asked, (pauses) => {
        let streaming = ACTIVE;
        let nowMs = 0;
        const accepted: number[] = [];
        for (const pauseMs of pauses) {
          nowMs += pauseMs;
          const step = stepStreaming(streaming, restart, nowMs);
          if (step.refusal === undefined) accepted.push(nowMs);
          streaming = [stopped, started].reduce(
            (before, event) => stepStreaming(before, event, nowMs).streaming,
            step.streaming,
          );
          expect(streaming.restartsMs?.length ?? 0).toBeLessThanOrEqual(MAX_RESTARTS);
        }
        accepted.forEach((atMs, index) => {
          const before = accepted[index - 1] ?? Number.NEGATIVE_INFINITY;
          const third = accepted[index - MAX_RESTARTS] ?? Number.NEGATIVE_INFINITY;
          expect(atMs - before).toBeGreaterThanOrEqual(RESTART_PAUSE_MS);
          expect(atMs - third).toBeGreaterThanOrEqual(RESTART_WINDOW_MS);
        });
      }),
    );
  });

  it.each([
    ['inactive', NO_STREAMING, 'streaming-already-off'],
    ['failed', streamingAfter(start, started, failed(false)), 'streaming-already-off'],
    ['stopping', streamingAfter(start, started, stop), 'streaming-stopping'],
  ] as const)('is refused while %s', (_, streaming, refusal) => {
    expect(stepStreaming(streaming, restart, 0)).toEqual({ streaming, commands: [], refusal });
  });
});
