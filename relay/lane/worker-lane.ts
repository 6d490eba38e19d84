import type { CallEvent } from '../../shared/wire/lane/worker-messages.ts';
import type { LaneIdentity } from '../../shared/wire/relay/stream-handover.ts';
import type { HeardFrame } from '../listen/heard-frame.ts';
import type { LaneReport, LaneState } from './lane-stats.ts';

/** One worker of one call, as the session sees it. */
export interface WorkerLane {
  /** Resolves when the lane is closed or has failed and will do nothing more. */
  readonly closed: Promise<void>;
  readonly state: LaneState;
  readonly queuedBytes: number;
  pushFrame(frame: HeardFrame): void;
  /** The stream has come to `position`, in samples, though no frame says so. */
  advance(position: number): void;
  pushEvent(event: CallEvent): void;
  /** The worker says that it could not handle the event that is under way: it counts as failed once it is acknowledged. */
  eventFailed(): void;
  /** The stream is over: the rest of the audio and `ended` are sent if that works in time. Idempotent. */
  end(ended: CallEvent): void;
  /** The stream is over, and another one is to take the lane over; if none does in time, the worker is told `ended`. Idempotent. */
  release(ended: CallEvent): void;
  /** By what the next stream may take the lane over; undefined while it cannot be. */
  readonly identity: LaneIdentity | undefined;
  report(): LaneReport;
}
