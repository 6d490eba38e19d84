/** The relay's report of a call, while it lasts and for a while afterwards. It holds no audio, number or name. */

import type { PlayoutReport } from '../speak/call-playout.ts';
import type { WorkerReport } from '../workers/worker-link.ts';

/** `connected`: before the first audio. `ending`: the socket is closed and the workers learn of it. */
type CallState = 'connected' | 'streaming' | 'ending' | 'ended';

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
  /** Attempts to hear who joins the call, while it had no worker, that failed for want of a connection. */
  readonly controlAttemptsFailed: number;
  readonly workers: readonly WorkerReport[];
}
