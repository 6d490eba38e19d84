/** The port to Web PubSub: one connection of one (call, worker) pair. `web-pubsub/web-pubsub-lane.ts` implements it. */

import type { LaneEvent } from '../../shared/wire/lane/worker-messages.ts';
import type { LaneIdentity } from '../../shared/wire/relay/stream-handover.ts';

/** `reply`: the answer to an event. `group`: published by the worker at a time of its choosing. */
export type LaneMessageSource = 'reply' | 'group';

export type LaneMessage =
  | { readonly from: LaneMessageSource; readonly type: 'binary'; readonly bytes: Uint8Array }
  | { readonly from: LaneMessageSource; readonly type: 'json'; readonly value: unknown }
  | { readonly from: LaneMessageSource; readonly type: 'text' };

export interface LaneListener {
  /** Bytes in it are valid until this returns. */
  message(message: LaneMessage): void;
  /** What was sent last has been answered by the worker, or has failed. Not called before the call that sent it has returned. */
  settled(isAcked: boolean): void;
  /** Something was published in the call's control group: nobody but holders of the service's key can. */
  control(value: unknown): void;
  /** The connection is gone for good. Called at most once, and not after `stop`. */
  closed(): void;
}

export interface LaneConnection {
  /** Resolves when events can be sent. Called once. */
  start(): Promise<void>;
  /**
   * Sends one RTP packet, of which the listener is told when it is settled. One message is under way at a time: if the last one is not settled by now, it
   * never will be. The packet is not changed until then.
   */
  sendAudio(packet: Uint8Array<ArrayBuffer>): void;
  /** The same with a JSON event. */
  sendEvent(event: LaneEvent): void;
  /**
   * Publishes an RTP packet or an event in the worker's group of the call. False when that is not possible now; what is on its way nobody
   * acknowledges. Only a connection that was opened to publish has this.
   */
  publish?(message: Uint8Array<ArrayBuffer> | LaneEvent): boolean;
  /** What is published would be lost, or wait to be written: it is better kept. Absent: never. */
  readonly isCongested?: boolean;
  /** By what another relay may take the connection over; undefined before it is open, and where it cannot be. */
  readonly identity?: LaneIdentity | undefined;
  /**
   * Leaves the connection to whoever takes it over: it goes on, but is not recovered once it is lost, and what comes on it is not confirmed to the
   * service, which gives it to the next holder. Only a connection that has an identity has this.
   */
  release?(): void;
  /** Ends the connection, in whatever state it is; idempotent. */
  stop(): void;
}

export type OpenLaneConnection = (target: LaneTarget, listener: LaneListener) => LaneConnection;

export interface LaneTarget {
  readonly callId: string;
  readonly worker: string;
  /** The connection is to have `publish`. Absent: false. */
  readonly publishes?: boolean;
  /** Take this connection over instead of opening one; where it is gone, `start` rejects. */
  readonly resume?: LaneResume;
}

export interface LaneResume extends LaneIdentity {
  /** Higher than every ack id that was used on the connection before: the service takes one that it knows for a repetition. */
  readonly firstAckId: number;
}

/** A connection that belongs to no worker and only hears the call's control group. */
export type OpenControlConnection = (
  callId: string,
  listener: Pick<LaneListener, 'control' | 'closed'>,
) => Pick<LaneConnection, 'start' | 'stop'>;
