import type { ClientCodec, Frame, MessageOrigin } from './client-codec.ts';
import type { MessageData } from './payload.ts';

/** Which connections of the hub an operation is about. */
export type Target =
  | { readonly to: 'all' }
  | { readonly to: 'connection'; readonly connectionId: string }
  | { readonly to: 'user'; readonly userId: string }
  | { readonly to: 'group'; readonly group: string };

/** What a filter may ask of a connection. */
export interface FilterSubject {
  readonly connectionId: string;
  readonly userId: string | undefined;
  readonly groups: ReadonlySet<string>;
  /** The subprotocol; undefined for a client without one. */
  readonly protocol: string | undefined;
}

/** Target, narrowed. */
export interface Selection {
  readonly target: Target;
  readonly excluded?: ReadonlySet<string>;
  /** One more connection that is left out. */
  readonly exceptId?: string | undefined;
  readonly filter?: ((subject: FilterSubject) => boolean) | undefined;
}

/** A client that was admitted and whose WebSocket is open. */
export interface AdmittedClient {
  readonly connectionId: string;
  readonly userId?: string;
  readonly groups: readonly string[];
  readonly roles: readonly string[];
  readonly codec: ClientCodec;
  /** Host name, without port, that the client dialled; event handlers see it as `WebHook-Request-Origin`. */
  readonly originHost: string;
  /** What the connect handler left for later events (`ce-connectionState`). */
  readonly connectionState?: string;
}

/** How a WebSocket ended. */
export type TransportEnd =
  /** The client finished the closing handshake; `code` is 1005 when its close frame had none. */
  | { readonly how: 'closed'; readonly code: number; readonly reason: string }
  /** The TCP connection went away without a closing handshake. */
  | { readonly how: 'lost' }
  /** The client broke a rule of the WebSocket protocol and was told so with `code`. */
  | { readonly how: 'violation'; readonly code: number; readonly reason: string }
  /** More waits for the socket than may. */
  | { readonly how: 'tooSlow' };

/** What the event handler made of a user event. */
export type EventOutcome =
  | { readonly ok: true; readonly reply?: MessageData; readonly connectionState?: string }
  | { readonly ok: false; readonly message: string };

export type HubCommand =
  | {
      readonly type: 'open';
      readonly transportId: number;
      readonly client: AdmittedClient;
      readonly reconnectionToken?: string;
    }
  | {
      readonly type: 'recover';
      readonly transportId: number;
      readonly connectionId: string;
      readonly reconnectionToken: string;
    }
  | { readonly type: 'frame'; readonly transportId: number; readonly frame: Frame }
  | { readonly type: 'transportEnded'; readonly transportId: number; readonly end: TransportEnd }
  | {
      readonly type: 'eventAnswered';
      readonly connectionId: string;
      readonly eventId: number;
      readonly outcome: EventOutcome;
    }
  | ({ readonly type: 'send'; readonly data: MessageData } & Selection)
  | ({ readonly type: 'addToGroups'; readonly groups: readonly string[] } & Selection)
  | ({ readonly type: 'removeFromGroups'; readonly groups: readonly string[] | 'every' } & Selection)
  | ({ readonly type: 'closeConnections'; readonly reason: string } & Selection)
  /** The sockets are cut; reliable sessions wait for their clients. */
  | { readonly type: 'drop'; readonly target: Target }
  /** The service is renewed: the sockets are closed and the sessions forgotten. */
  | { readonly type: 'reload'; readonly target: Target }
  /** Time has passed: ends what can no longer be recovered. */
  | { readonly type: 'expire' };

/** What the event handler of a hub learns about one connection. */
export interface UpstreamEvent {
  /** `ce-id`: 0 is the connect event, the others count from 1 per connection. */
  readonly id: number;
  readonly hub: string;
  readonly category: 'system' | 'user';
  readonly name: string;
  readonly connectionId: string;
  readonly originHost: string;
  readonly subprotocol: string;
  readonly userId?: string;
  readonly connectionState?: string;
  readonly data: MessageData;
}

export type HubEffect =
  | {
      readonly type: 'write';
      readonly transportId: number;
      readonly frame: Frame;
      /** Where the message comes from that the frame carries; absent for acks, pongs and system messages. */
      readonly origin?: MessageOrigin;
    }
  | {
      readonly type: 'closeTransport';
      readonly transportId: number;
      readonly code: number;
      readonly reason: string;
    }
  /** Cut without a closing handshake: another transport has taken the connection over. */
  | { readonly type: 'abortTransport'; readonly transportId: number }
  | { readonly type: 'pauseReading'; readonly transportId: number }
  | { readonly type: 'resumeReading'; readonly transportId: number }
  /** The outcome is due as an `eventAnswered` command. */
  | { readonly type: 'callHandler'; readonly event: UpstreamEvent }
  /** Nobody waits for the outcome. */
  | { readonly type: 'notifyHandler'; readonly event: UpstreamEvent };

/** One step of a hub: when it happens, and what it has led to so far, in order. */
export interface Step {
  readonly nowMs: number;
  readonly effects: HubEffect[];
}
