/** The port to Web PubSub: one connection of one (call, worker) pair. `web-pubsub-lane.ts` implements it. */
import type { CallEvent } from '../shared/protocol/worker-messages.ts';

/** `reply`: the answer to an event. `group`: published by the worker at a time of its choosing. */
export type LaneMessageSource = 'reply' | 'group';

export type LaneMessage =
  | { readonly from: LaneMessageSource; readonly type: 'binary'; readonly bytes: Uint8Array }
  | { readonly from: LaneMessageSource; readonly type: 'json'; readonly value: unknown }
  | { readonly from: LaneMessageSource; readonly type: 'text' };

export interface LaneListener {
  message(message: LaneMessage): void;
  /** The connection is gone for good. Called at most once, and not after `stop`. */
  closed(): void;
}

export interface LaneConnection {
  /** Resolves when events can be sent. Called once. */
  start(): Promise<void>;
  /** Sends one RTP packet; resolves when the worker has answered and rejects when the event failed. */
  sendAudio(packet: Uint8Array<ArrayBuffer>): Promise<void>;
  /** The same with a JSON event. */
  sendEvent(event: CallEvent): Promise<void>;
  /** Ends the connection, in whatever state it is; idempotent. */
  stop(): void;
}

export type OpenLaneConnection = (
  target: { readonly callId: string; readonly worker: string },
  listener: LaneListener,
) => LaneConnection;
