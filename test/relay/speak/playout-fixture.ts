/** A speaker whose audio is played by a socket on a clock that stands still. */
import { expect, onTestFinished } from 'vitest';
import { TimerWheel } from '../../../relay/base/timer-wheel.ts';
import { CallPlayout } from '../../../relay/speak/call-playout.ts';
import type { Voice, VoiceOptions } from '../../../relay/speak/worker-playout.ts';
import { RelayClock } from '../relay-clock.ts';
import { PlayingSocket } from '../session/playing-socket.ts';

export const LEAD_MS = 300;

export interface Worker {
  readonly voice: Voice;
  readonly events: Parameters<VoiceOptions['onEvent']>[0][];
}

/** @param timersLateMs how much later than asked every timer of the process runs */
export function speakerWorld(jitterBufferMs = 0, timersLateMs = 0) {
  const clock = new RelayClock();
  const { after } = clock;
  clock.after = (ms, run) => after.call(clock, ms + timersLateMs, run);
  const failures: unknown[] = [];
  onTestFinished(() => expect(failures, 'errors of what was due').toEqual([]));
  const wheel = new TimerWheel(clock, (error) => failures.push(error));
  const socket = new PlayingSocket(clock);
  const speaker = new CallPlayout({
    socket,
    format: 'pcm16KMono',
    jitterBufferMs,
    leadMs: LEAD_MS,
    clock,
    wheel,
  });
  return {
    clock,
    socket,
    speaker,
    join(change: Partial<VoiceOptions> = {}): Worker {
      const events: Worker['events'] = [];
      const voice = speaker.join({
        speaks: true,
        priority: 0,
        bargeIn: { policy: 'stop' },
        replyMs: 0,
        tellsPlayed: true,
        onEvent: (event) => events.push(event),
        ...change,
      });
      return { voice, events };
    },
  };
}

/** Audio that says where it was: no two stretches of it are alike. Never zero, so that it is not taken for silence. */
export function speech(ms: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: ms * 32 }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return 1 + ((state >>> 16) % 255);
  });
}

export const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
