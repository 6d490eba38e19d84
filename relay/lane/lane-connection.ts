/**
 * The port to Web PubSub: one connection for one worker of one call. `web-pubsub/web-pubsub-lane.ts` implements it.
 */

import type { RelayHere } from '../../shared/wire/lane/resident-messages.ts';
import type { LaneEvent } from '../../shared/wire/lane/worker-messages.ts';
import type { LaneIdentity } from '../../shared/wire/relay/stream-handover.ts';

/** `reply`: the answer to an event. `group`: published by the worker whenever it wants. */
export type LaneMessageSource = 'reply' | 'group';

export type LaneMessage =
  | { readonly from: LaneMessageSource; readonly type: 'binary'; readonly bytes: Uint8Array }
  | { readonly from: LaneMessageSource; readonly type: 'json'; readonly value: unknown }
  | { readonly from: LaneMessageSource; readonly type: 'text' };

export interface LaneListener {
  /** Bytes in it are valid until this returns. */
  message(message: LaneMessage): void;
  /** The worker has answered the last event, or the event has failed. Never called before its `send…` has returned. */
  settled(isAcked: boolean): void;
  /** Something was published in the call's control group. Only holders of the service's key can publish there. */
  control(value: unknown): void;
  /** The connection is gone for good. Called at most once, and not after `stop`. */
  closed(): void;
}

/** What a lane publishes: an RTP packet, an event, or the sign that the relay is there. */
export type LanePublication = Uint8Array<ArrayBuffer> | LaneEvent | RelayHere;

export interface LaneConnection {
  /** Resolves when events can be sent. Called once. */
  start(): Promise<void>;
  /**
   * Sends one RTP packet as an event. `settled` reports what becomes of it. One event is in flight at a time: the next
   * one gives up an earlier one that is not settled. The packet must not change until then.
   */
  sendAudio(packet: Uint8Array<ArrayBuffer>): void;
  /** Sends a JSON event in the same way. */
  sendEvent(event: LaneEvent): void;
  /**
   * Publishes a message in the worker's group of the call. Returns false when that is not possible
   * now. Nobody acknowledges it. Only a connection that was opened with `publishes` has this.
   */
  publish?(message: LanePublication): boolean;
  /**
   * Publishes an event in the worker's group of the call, past the event that is in flight, which would hold back
   * everything else that this connection sends. Nobody acknowledges it. Only a connection to a service has this.
   */
  tell?(event: LaneEvent): void;
  /** What is published now would be lost or would wait to be written, so it is better to keep it. Defaults to false. */
  readonly isCongested?: boolean;
  /** What another relay needs to take the connection over; undefined before it is open, and when it cannot. */
  readonly identity?: LaneIdentity | undefined;
  /**
   * Leaves the connection to its next holder. It goes on until it is lost, but it is not recovered then, and the
   * service gives the next holder everything that comes from now on. Only a connection with an identity has this.
   */
  release?(): void;
  /** Ends the connection in any state. Idempotent. */
  stop(): void;
}

export type OpenLaneConnection = (target: LaneTarget, listener: LaneListener) => LaneConnection;

export interface LaneTarget {
  readonly callId: string;
  readonly worker: string;
  /** The connection needs `publish`. Defaults to false. */
  readonly publishes?: boolean;
  /** Take this connection over instead of opening one. `start` rejects when it is gone. */
  readonly resume?: LaneResume;
}

export interface LaneResume extends LaneIdentity {
  /** Higher than every ack id that was used on the connection, since the service takes a known id for a repetition. */
  readonly firstAckId: number;
}

/** Opens a connection that belongs to no worker and only hears the call's control group. */
export type OpenControlConnection = (
  callId: string,
  listener: Pick<LaneListener, 'control' | 'closed'>,
) => Pick<LaneConnection, 'start' | 'stop'>;
