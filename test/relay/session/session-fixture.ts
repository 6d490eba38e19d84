/** A session with scripted lanes and a recorded media socket, on a clock that stands still. */
import { randomUUID } from 'node:crypto';
import { expect, onTestFinished } from 'vitest';
import { TimerWheel } from '../../../relay/base/timer-wheel.ts';
import { AcsPlayoutWriter } from '../../../relay/serve/acs-playout-writer.ts';
import type { PublishAction } from '../../../relay/speak/worker-replies.ts';
import type { AudioFormat } from '../../../shared/audio/audio-format.ts';
import type { BargeInPolicy, CallPlan, ListenMode } from '../../../shared/call/plan.ts';
import {
  type CallControlMessage,
  signCallControl,
} from '../../../shared/wire/relay/call-control-messages.ts';
import type { StreamHandover } from '../../../shared/wire/relay/stream-handover.ts';
import { until } from '../../support/until.ts';
import { scriptedLanes } from '../lane/scripted-lane.ts';
import { audioData, frame, heardAudio } from '../listen/acs-messages.ts';
import { RelayClock, settled } from '../relay-clock.ts';
import { TICKET_KEY } from '../relay-fixture.ts';
import { newSession } from './new-session.ts';

export const CALL_ID = '0123456789abcdef';
/** How text in the control group that is no message is counted. */
const MARKER = 'control: malformed';
export const CHUNK = 100;

/** The WebSocket of ACS, as far as the relay writes to it. */
class RecordingSocket {
  readonly sent: string[] = [];
  closed: { code: number; reason: string } | undefined;
  buffered = 0;

  send(text: string): void {
    this.sent.push(text);
  }

  get bufferedBytes(): number {
    return this.buffered;
  }

  close(code: number, reason: string): void {
    this.closed ??= { code, reason };
  }

  get audio(): Buffer {
    return Buffer.concat(this.sent.map((text) => heardAudio(text) ?? Buffer.alloc(0)));
  }
}

interface SessionSetUp {
  readonly workers?: readonly string[];
  readonly jitterBufferMs?: number;
  readonly bargeIn?: BargeInPolicy;
  readonly playoutLeadMs?: number;
  readonly format?: AudioFormat;
  readonly channels?: CallPlan['channels'];
  readonly listen?: ListenMode;
  readonly handover?: StreamHandover;
  readonly isMovable?: boolean;
}

export function sessionFixture(options: SessionSetUp = {}) {
  const { workers = ['echo'], jitterBufferMs = 60, format = 'pcm16KMono', channels = 'mixed' } = options;
  const { playoutLeadMs = 300, bargeIn, handover, isMovable = false } = options;
  const left: { handover: StreamHandover; isKept: boolean }[] = [];
  const clock = new RelayClock();
  const lanes = scriptedLanes();
  const socket = new RecordingSocket();
  const failures: unknown[] = [];
  onTestFinished(() => expect(failures, 'errors of timers').toEqual([]));
  const published: { worker: string; action: PublishAction }[] = [];
  const session = newSession({
    callId: CALL_ID,
    plan: {
      format,
      channels,
      workers: workers.map((name) => ({
        name,
        listen: { mode: 'chunk', ms: CHUNK },
        ...(bargeIn === undefined ? {} : { bargeIn }),
      })),
    },
    correlationId: 'correlation-1',
    media: new AcsPlayoutWriter(socket, format),
    openConnection: lanes.open,
    openControl: lanes.openControl,
    ticketKeys: [TICKET_KEY],
    jitterBufferMs,
    playoutLeadMs,
    clock,
    wheel: new TimerWheel(clock, (error) => failures.push(error)),
    ...(handover === undefined ? {} : { handover }),
    onHandover: async (each, isKept) => void left.push({ handover: each, isKept }),
    isMovable,
    onPublish: (worker, action) => published.push({ worker, action }),
  });
  return {
    clock,
    lanes,
    socket,
    session,
    published,
    /** What was left for the next stream, in order. */
    left,
    receive(...messages: Buffer[]) {
      for (const message of messages) session.receive(message, false);
    },
    hear(frames: number, value = 1) {
      for (let i = 0; i < frames; i += 1) session.receive(audioData(frame(value, format)), false);
    },
    /** Publishes in the call's control group, as the control app does, and lets the session deal with it. */
    async control(message: CallControlMessage) {
      const key = TICKET_KEY;
      const control = await signCallControl(CALL_ID, message, {
        key,
        nowMs: clock.nowMs(),
        id: randomUUID(),
      });
      lanes.publishControl({ control });
      // Messages are dealt with in order: when this one is ignored the one before it has been checked.
      const before = session.report().ignored[MARKER] ?? 0;
      const heardBy = lanes.publishControl('a marker');
      await until(
        () => (session.report().ignored[MARKER] ?? 0) === before + heardBy,
        'the control message to be dealt with',
      );
      await settled();
    },
    /** What was ignored, the markers behind control messages left out. */
    ignored() {
      const { [MARKER]: _, ...rest } = session.report().ignored;
      return rest;
    },
    /** Opens every lane and acknowledges `call.started`. */
    async open() {
      for (const name of workers) {
        lanes.of(name).started();
        await settled();
        lanes.of(name).acknowledge();
      }
      await settled();
    },
  };
}
