/** What the processes of the relay's measurement tell each other. Times in milliseconds unless the name says otherwise. */

/** `relay-media`: the relay with lanes that answer within its own process, so that the cost of Web PubSub is left out. */
export type NodeServerKind = 'ws' | 'quickstart' | 'relay' | 'relay-media';

export type ServerRequest =
  | { readonly type: 'start'; readonly kind: NodeServerKind; readonly webPubSub?: string }
  /** Starts the account anew; no answer. */
  | { readonly type: 'reset' }
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
    }
  | { readonly type: 'measure'; readonly measureMs: number };

export interface Prepared {
  readonly type: 'prepared';
  /** Where Web PubSub finds the worker. */
  readonly workerUrl: string;
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

export interface LoadMeasured {
  readonly type: 'measured';
  readonly calls: number;
  readonly elapsedMs: number;
  /** Frames of 20 ms sent to the server, and those of them that came back. */
  readonly framesSent: number;
  readonly framesHeard: number;
  /** Frames that were not sent since the server did not take the ones before. */
  readonly framesRefused: number;
  /** From sending a frame to hearing it, the newest frame of each message: a worker's waiting for a chunk is not in it. */
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  /** How much later than planned the load itself sent its frames. */
  readonly ownLatenessMs: { readonly p99: number };
  readonly ownCpuShare: number;
  readonly lanes: LaneTraffic;
}
