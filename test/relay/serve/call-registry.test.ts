import { describe, expect, it } from 'vitest';
import { TimerWheel } from '../../../relay/base/timer-wheel.ts';
import { MAX_HEARD_BYTES } from '../../../relay/listen/heard-audio.ts';
import { CallRegistry, queuedBytesOf } from '../../../relay/serve/call-registry.ts';
import { Refusal } from '../../../relay/serve/refusal.ts';
import type { Session } from '../../../relay/session/session.ts';
import { audioData, frame } from '../listen/acs-messages.ts';
import { RelayClock, settled } from '../relay-clock.ts';
import { newSession } from '../session/new-session.ts';

const MAX_QUEUED_BYTES = 256 * 1024 * 1024;
const MAX_ENDED_REPORTS = 200;

/** A call without workers. */
function session(callId: string, callConnectionId = 'connection-1', bufferedBytes = 0): Session {
  const clock = new RelayClock();
  return newSession({
    callId,
    callConnectionId,
    plan: { dtmf: false, workers: [] },
    media: { play: () => {}, stopAudio: () => {}, close: () => {}, bufferedBytes: () => bufferedBytes },
    openConnection: () => {
      throw new Error('this call has no worker');
    },
    openControl: () => ({ start: () => Promise.resolve(), stop: () => {} }),
    clock,
    wheel: new TimerWheel(clock, () => {}),
  });
}

function refusalOf(action: () => void): { status: number; detail: string } | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { status: error.status, detail: error.message };
  }
}

describe('CallRegistry', () => {
  it('takes no further call while too much audio waits in the process', () => {
    const registry = new CallRegistry(10);
    registry.add(session('call-1', 'connection-1', MAX_QUEUED_BYTES + 1));
    expect(refusalOf(() => registry.check('call-2', 'connection-2'))).toEqual({
      status: 503,
      detail: 'the relay is full: too much audio waits in it',
    });
    expect(
      refusalOf(() => registry.check('call-1', 'connection-1')),
      'the live call may come again',
    ).toBeUndefined();
  });

  it.each([
    [200, 5_000],
    [1_000, 5_000],
    [10_000, 2_000],
  ])(
    'takes calls while the workers of %i others hang, and %i ms may wait for each',
    (maxCalls, maxBacklogMs) => {
      const utterances = MAX_HEARD_BYTES;
      const chunks = maxCalls * maxBacklogMs * 48;
      const maxQueued = queuedBytesOf({ maxCalls, maxBacklogMs });
      const registry = new CallRegistry(maxCalls, undefined, maxQueued);
      registry.add(session('call-1', 'connection-1', utterances + chunks));
      expect(refusalOf(() => registry.check('call-2', 'connection-2'))).toBeUndefined();
      registry.add(session('call-3', 'connection-3', maxQueued));
      expect(refusalOf(() => registry.check('call-2', 'connection-2'))?.status).toBe(503);
    },
  );

  it('takes calls however far ahead the workers of others speak', () => {
    const registry = new CallRegistry(10);
    registry.add(Object.defineProperty(session('call-1'), 'heldBytes', { value: MAX_QUEUED_BYTES * 2 }));
    expect(refusalOf(() => registry.check('call-2', 'connection-2'))).toBeUndefined();
    expect(registry.waitingBytes).toBe(MAX_QUEUED_BYTES * 2);
  });

  it('takes nothing while it drains, not even a live call again', async () => {
    const registry = new CallRegistry(10);
    registry.add(session('call-1'));
    const drained = registry.drain('relay shutting down');
    expect(refusalOf(() => registry.check('call-1', 'connection-1'))?.status).toBe(503);
    await drained;
    expect(registry.report('call-1')).toMatchObject({ state: 'ended', endedReason: 'relay shutting down' });
  });

  it('makes room as soon as a stream is over', async () => {
    const registry = new CallRegistry(1);
    const first = session('call-1');
    registry.add(first);
    expect(refusalOf(() => registry.check('call-2', 'connection-2'))?.status).toBe(503);
    first.socketClosed();
    await settled();
    expect(refusalOf(() => registry.check('call-2', 'connection-2'))).toBeUndefined();
    expect(
      refusalOf(() => registry.check('call-1', 'another')),
      'another connection may have it',
    ).toBeUndefined();
  });

  it('lets a replaced session end without harm to the one that replaced it', async () => {
    const registry = new CallRegistry(1);
    const first = session('call-1');
    const second = session('call-1');
    registry.add(first);
    registry.add(second);
    await settled();
    first.socketClosed();
    await settled();
    expect(registry.liveCount).toBe(1);
    expect(registry.report('call-1')).toMatchObject({ state: 'connected' });
    expect(registry.reports().map(({ state, endedReason }) => [state, endedReason])).toEqual([
      ['connected', undefined],
      ['ended', 'replaced'],
    ]);
  });

  it('keeps a bounded number of reports, and all of the totals', async () => {
    const registry = new CallRegistry(10);
    for (let i = 0; i < MAX_ENDED_REPORTS + 5; i += 1) {
      const call = session(`call-${i}`);
      registry.add(call);
      call.receive(audioData(frame(1)), false);
      call.socketClosed();
      await settled();
    }
    expect(registry.reports()).toHaveLength(MAX_ENDED_REPORTS);
    expect(registry.report('call-0')).toBeUndefined();
    expect(registry.report('call-5')).toBeDefined();
    expect(registry.totals().framesIn).toBe(MAX_ENDED_REPORTS + 5);
    expect(registry.startedCount).toBe(MAX_ENDED_REPORTS + 5);
  });
});
