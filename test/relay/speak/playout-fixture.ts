/** The playout of a call whose audio is played on a clock that stands still. */
import { expect, onTestFinished } from 'vitest';
import { HeldAudio } from '../../../relay/audio/held-audio.ts';
import { TimerWheel } from '../../../relay/base/timer-wheel.ts';
import { CallPlayout } from '../../../relay/speak/call-playout.ts';
import type { PacketMark, SpeechKind, WorkerPlayoutOptions } from '../../../relay/speak/worker-playout.ts';
import { RelayClock } from '../relay-clock.ts';
import { PlayingOutput } from './playing-output.ts';

export const LEAD_MS = 300;

/** One worker of the call. */
export interface TestWorker {
  speak(
    pcm: Uint8Array,
    kind: SpeechKind,
    turn?: number,
    packet?: PacketMark,
  ): ReturnType<CallPlayout['play']>;
  stop(): ReturnType<CallPlayout['stop']>;
  mark(data: string, turn?: number): string;
  leave(): void;
  /** What the worker was told. */
  readonly events: Parameters<WorkerPlayoutOptions['onEvent']>[0][];
}

/**
 * @param timersLateMs how much later than asked every timer of the process runs
 * @param isHeldUp whether frames that should have come have not
 */
export function playoutFixture(
  jitterBufferMs = 0,
  timersLateMs = 0,
  held = new HeldAudio(),
  isHeldUp = () => false,
) {
  const clock = new RelayClock();
  const { after } = clock;
  clock.after = (ms, run) => after.call(clock, ms + timersLateMs, run);
  const failures: unknown[] = [];
  onTestFinished(() => expect(failures, 'errors of timers').toEqual([]));
  const wheel = new TimerWheel(clock, (error) => failures.push(error));
  const acs = new PlayingOutput(clock);
  const playout = new CallPlayout({
    output: acs,
    format: 'pcm16KMono',
    jitterBufferMs,
    leadMs: LEAD_MS,
    isHeldUp,
    clock,
    wheel,
    held,
  });
  return {
    clock,
    acs,
    playout,
    join(change: Partial<WorkerPlayoutOptions> = {}): TestWorker {
      const events: TestWorker['events'] = [];
      const worker = playout.join({
        speaks: true,
        priority: 0,
        bargeIn: { policy: 'stop' },
        replyMs: 0,
        tellsPlayed: true,
        onEvent: (event) => events.push(event),
        ...change,
      });
      return {
        speak: (pcm, kind, turn, packet) => playout.play(worker, pcm, kind, turn, packet),
        stop: () => playout.stop(worker),
        mark: (data, turn) => playout.mark(worker, data, turn),
        leave: () => playout.leave(worker),
        events,
      };
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
