import type { WorkerPlan } from '../../shared/call/plan.ts';
import type { WorkerLane } from '../lane/worker-lane.ts';
import type { WorkerPlayout } from '../speak/worker-playout.ts';
import type { WorkerReplies } from '../speak/worker-replies.ts';
import type { WorkerTurns } from '../speak/worker-turns.ts';

/** One worker of one call: its lane, what it says, and how long it takes. */
export interface WorkerLink {
  readonly plan: WorkerPlan;
  readonly lane: WorkerLane;
  readonly replies: WorkerReplies;
  readonly said: WorkerPlayout;
  /** How long it lets the caller wait; undefined for a worker that answers as it hears, or only listens. */
  readonly turns: WorkerTurns | undefined;
  /** It has been taken off the call, though its lane may still have to close. */
  isDetached: boolean;
}
