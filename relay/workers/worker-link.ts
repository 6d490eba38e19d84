import type { WorkerPlan } from '../../shared/call/plan.ts';
import type { LaneReport } from '../lane/lane-stats.ts';
import type { WorkerLane } from '../lane/worker-lane.ts';
import type { Voice } from '../speak/voice.ts';
import type { ReplyCounts, WorkerReplies } from '../speak/worker-replies.ts';
import type { WorkerTurns, WorkerTurnsReport } from '../speak/worker-turns.ts';

export type WorkerReport = LaneReport & ReplyCounts & { readonly turns?: WorkerTurnsReport };

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
