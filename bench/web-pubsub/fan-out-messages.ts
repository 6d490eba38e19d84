/**
 * What the processes of the fan-out measurement tell each other. Times in milliseconds unless the name says otherwise.
 */

/** Who passes the messages on, and what they are wrapped in. */
export type Variant = 'bare' | 'raw' | 'protobuf' | 'json';

export type ServerRequest =
  | { readonly type: 'start'; readonly bare: boolean }
  | {
      readonly type: 'usage' /** Whether garbage is collected first, for the memory. */;
      readonly collect: boolean;
    };

/** From the server's process. */
export interface Listening {
  readonly type: 'listening';
  readonly port: number;
  /** Signs clients' tokens; absent for the bare relay, which asks for none. */
  readonly accessKey?: string;
}

export interface Usage {
  readonly type: 'usage';
  readonly cpuMicroseconds: number;
  /** How long the process could have run and another one had the core; undefined where the system does not tell. */
  readonly waitedMs: number | undefined;
  /** Resident memory of the process: the sockets' share is in it. */
  readonly memoryBytes: number;
}

export interface Connect {
  readonly type: 'connect';
  readonly variant: Variant;
  readonly port: number;
  readonly accessKey: string | undefined;
  readonly pairs: number;
  readonly payloadBytes: number;
}

export type LoadRequest =
  | Connect
  /** Each client has `window` messages under way all the time. */
  | {
      readonly type: 'saturate';
      readonly window: number;
      readonly warmUpMs: number;
      readonly measureMs: number;
    }
  /** All clients together send so many messages a second, whatever comes back. */
  | {
      readonly type: 'pace';
      readonly messagesPerSecond: number;
      readonly warmUpMs: number;
      readonly measureMs: number;
    };

export interface Connected {
  readonly type: 'connected';
}

/** The server's usage is asked for at these moments. */
export interface Measuring {
  readonly type: 'measuring';
}

export interface Measured {
  readonly type: 'measured';
  readonly messages: number;
  readonly elapsedMs: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Share of one core that the load used. */
  readonly loadCpuShare: number;
  /**
   * Share of the time in which the load could have run and another process had its core; undefined where the system
   * does not tell.
   */
  readonly loadWaitedShare: number | undefined;
}
