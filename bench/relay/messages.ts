/**
 * What the processes of the relay's measurement tell each other. Times in milliseconds unless the name says otherwise.
 */
import type { WorkerPlan } from '../../shared/call/plan.ts';
import type { CallerScript } from './acs-stream.ts';

/**
 * `relay-media`: the relay with lanes that answer within its own process, so that the cost of connections to Web PubSub
 * is left out.
 */
export type NodeServerKind = 'ws' | 'quickstart' | 'relay' | 'relay-media';

export type ServerRequest =
  | {
      readonly type: 'start';
      readonly kind: NodeServerKind;
      readonly webPubSub?: string;
      /** Settings of the relay, instead of those of the measurement. */
      readonly settings?: Readonly<Record<string, string>>;
    }
  /** Starts a new account; no answer. */
  | { readonly type: 'reset' }
  /** With all garbage collected before, where the process was started with `--expose-gc`. */
  | { readonly type: 'usage' };

export interface Listening {
  readonly type: 'listening';
  readonly url: string;
}

/** What the process used since the last reset. */
export interface Usage {
  readonly type: 'usage';
  /** Share of one core. */
  readonly cpuShare: number;
  readonly residentBytes: number;
  /** Of objects, and outside of the heap (buffers). */
  readonly heapBytes?: number;
  readonly externalBytes?: number;
  /** Milliseconds of garbage collection in a second. */
  readonly gcMsPerSecond?: number;
  readonly gcPauseMs?: { readonly p99: number; readonly max: number };
}

export type LoadRequest =
  | { readonly type: 'prepare' }
  /** Opens further streams until there are so many, and lets them run in. */
  | {
      readonly type: 'grow';
      readonly url: string;
      readonly path: 'plain' | 'relay';
      readonly calls: number;
      readonly settleMs: number;
      readonly worker: WorkerPlan;
      readonly script: CallerScript;
    }
  | { readonly type: 'measure'; readonly measureMs: number };

export interface Prepared {
  readonly type: 'prepared';
  /** Where Web PubSub finds the worker. */
  readonly workerUrl: string;
  /** Where lanes are answered without Web PubSub. */
  readonly laneUrl: string;
}

export interface Grown {
  readonly type: 'grown';
  /** False when the server refused some of them, or did not open all in time: it is at its end. */
  readonly isComplete: boolean;
}

/** A worker's share of Web PubSub in the time that was measured: bytes of the bodies, without envelopes. */
export interface LaneTraffic {
  readonly messages: number;
  /** Each message rounded up to 2 KB, as the most cautious reading of the price list has it. */
  readonly units: number;
  readonly bytes: number;
}

export interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface LoadMeasured {
  readonly type: 'measured';
  readonly calls: number;
  readonly elapsedMs: number;
  /** Frames of 20 ms sent to the server, and those of them that came back. */
  readonly framesSent: number;
  readonly framesHeard: number;
  /** Frames that were not sent since the server did not take the ones before. */
  readonly framesRefused: number;
  /**
   * From sending a frame to hearing it, the newest frame of each message: a worker's waiting for a chunk is not in it.
   */
  readonly latencyMs: Percentiles;
  /** From sending the newest frame of a chunk to the chunk on a lane, and from there to the audio on the way back. */
  readonly toLaneMs: Percentiles;
  readonly fromLaneMs: Percentiles;
  /** From being spoken to being played, every frame. */
  readonly heardMs: Percentiles;
  /** From the frame that makes it sure that the caller speaks to StopAudio. */
  readonly stopMs: Percentiles;
  /** How much later than planned the load itself sent its frames. */
  readonly ownLatenessMs: Percentiles;
  readonly ownCpuShare: number;
  readonly lanes: LaneTraffic;
}
