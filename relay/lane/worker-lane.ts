import type { LaneEvent } from '../../shared/wire/lane/worker-messages.ts';
import type { LaneIdentity } from '../../shared/wire/relay/stream-handover.ts';
import type { AudioFrame } from '../listen/worker-audio.ts';
import type { LaneReport } from '../session/call-report.ts';
import type { LaneState } from './lane.ts';

/** One worker of one call, as the session sees it. */
export interface WorkerLane {
  /** Resolves when the lane is closed or has failed and will do nothing more. */
  readonly closed: Promise<void>;
  readonly state: LaneState;
  readonly queuedBytes: number;
  pushFrame(frame: AudioFrame): void;
  /** The stream has come to `position`, in samples, though no frame says so. */
  advance(position: number): void;
  pushEvent(event: LaneEvent): void;
  /** The worker says that it could not handle the event that is under way: it counts as failed once it is acknowledged. */
  eventFailed(): void;
  /** The stream is over: the rest of the audio and `ended` are sent if that works in time. Idempotent. */
  end(ended: LaneEvent): void;
  /** The stream is over, and another one is to take the lane over; if none does in time, the worker is told `ended`. Idempotent. */
  release(ended: LaneEvent): void;
  /** By what the next stream may take the lane over; undefined while it cannot be. */
  readonly identity: LaneIdentity | undefined;
  report(): LaneReport;
}
