/** What the processes of the webhook measurement tell each other. Times in milliseconds. */

/** From either process: where it listens. */
export interface Listening {
  readonly type: 'listening';
  readonly url: string;
}

export type ServiceRequest =
  | { readonly type: 'start'; readonly handlerUrl: string }
  /** Starts a new account; no answer. */
  | { readonly type: 'reset' }
  | { readonly type: 'usage' };

export interface Usage {
  readonly type: 'usage';
  readonly cpuMs: number;
  readonly elapsedMs: number;
}

export type LoadRequest =
  /** Each client sends one event after the other and waits for the ack of the last. */
  | {
      readonly type: 'connect';
      readonly url: string;
      readonly accessKey: string;
      readonly clients: number;
      /** Clients besides, whose events the handler answers after a second. */
      readonly slowClients: number;
      /** Length of an event's text. */
      readonly bytes: number;
    }
  | { readonly type: 'measure'; readonly measureMs: number };

export interface Connected {
  readonly type: 'connected';
}

export interface Measured {
  readonly type: 'measured';
  readonly events: number;
  readonly elapsedMs: number;
  /** From sending an event to its ack. */
  readonly roundTripMs: { readonly p50: number; readonly p99: number; readonly max: number };
}
