/** What the relay tells about a call, while it lasts and for a while afterwards. No audio, number or name is in it. */
import type { WorkerReport } from '../workers/worker-link.ts';

/** `connected`: before the first audio. `ending`: the socket is closed and the workers are being told. */
export type CallState = 'connected' | 'streaming' | 'ending' | 'ended';

export interface CallReport {
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
  readonly audioMsOut: number;
  /** Of that, the silence of the jitter buffer. */
  readonly audioMsFiller: number;
  /** Audio of workers that was not played because a worker ran too far ahead or ACS did not take it. */
  readonly audioMsDropped: number;
  readonly stopAudioSent: number;
  /** Times that a worker was interrupted, by the caller or by a worker of higher priority. */
  readonly interruptions: number;
  /** Audio that was not played, or not to its end, since it was interrupted or stopped, or the stream ended. */
  readonly audioMsCut: number;
  /** Messages from ACS and from workers that were not used, by reason. */
  readonly ignored: Readonly<Record<string, number>>;
  readonly workers: readonly WorkerReport[];
}
