/** The relay's report of a call, while it lasts and for a while afterwards. It holds no audio, number or name. */

import type { LatencyReport } from '../base/latency-stats.ts';
import type { LaneState } from '../lane/lane.ts';
import type { PlayoutReport } from '../speak/call-playout.ts';
import type { ReplyCounts } from '../speak/worker-replies.ts';
import type { WorkerTurnsReport } from '../speak/worker-turns.ts';

/** `connected`: before the first audio. `ending`: the socket is closed and the workers learn of it. */
export type CallState = 'connected' | 'streaming' | 'ending' | 'ended';

export interface LaneReport {
  readonly name: string;
  readonly state: LaneState;
  readonly chunksSent: number;
  readonly chunksAcked: number;
  /** Not acknowledged, or not in time. */
  readonly chunksFailed: number;
  /**
   * Audio that the worker has answered, or has taken without an answer. What is heard in chunks is this, lost, or
   * dropped.
   */
  readonly ackedMs: number;
  /** Audio of the failed chunks. */
  readonly lostMs: number;
  /** Audio that was never sent because the worker was too slow or out of reach. */
  readonly droppedMs: number;
  readonly eventsFailed: number;
  /** Times that the lane was opened again after it had closed. */
  readonly reopened: number;
  /** From sending a chunk to its acknowledgement. */
  readonly roundTripMs: LatencyReport;
}

export type WorkerReport = LaneReport & ReplyCounts & { readonly turns?: WorkerTurnsReport };

export interface CallReport extends PlayoutReport {
  readonly callId: string;
  readonly callConnectionId: string;
  readonly correlationId?: string;
  readonly state: CallState;
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number;
  readonly endedAtMs?: number;
  readonly endedReason?: string;
  /** Usable audio frames from ACS. */
  readonly framesIn: number;
  /** Audio to ACS in units of 20 ms, the silence of the jitter buffer included. */
  readonly framesOut: number;
  readonly audioMsIn: number;
  /** Messages from ACS and from workers that were not used, by reason. */
  readonly ignored: Readonly<Record<string, number>>;
  readonly workers: readonly WorkerReport[];
}
