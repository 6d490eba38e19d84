import type { WorkerPlan } from '../../shared/core/plan.ts';
import type { Voice } from '../speaking/voice.ts';
import type { WorkerTurns } from '../turns/worker-turns.ts';
import type { WorkerLane } from '../worker-lane.ts';
import type { WorkerReplies } from '../worker-replies.ts';

/** One worker of one call: its lane, what it says, and its voice in the call. */
export interface WorkerLink {
  readonly plan: WorkerPlan;
  readonly lane: WorkerLane;
  readonly replies: WorkerReplies;
  readonly voice: Voice;
  /** How long it lets the caller wait; undefined for a worker that answers as it hears, or only listens. */
  readonly turns: WorkerTurns | undefined;
  /** It has been taken off the call, though its lane may still have to close. */
  isDetached: boolean;
}
