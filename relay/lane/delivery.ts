/** How a lane hands its messages to the worker, and how it learns that they have arrived. */
import type { Clock } from '../../shared/base/clock.ts';
import type { LaneEvent } from '../../shared/wire/lane/worker-messages.ts';
import type { LaneConnection, LaneMessage } from './lane-connection.ts';
import type { OutboxMessage } from './lane-outbox.ts';

/** `inFlight`: the worker acknowledges it. `delivered`: nobody acknowledges it. `lost`: it could not be sent. */
export type SendResult = 'inFlight' | 'delivered' | 'lost';

export interface Delivery {
  /** Whether the lane's connection must be able to publish in the worker's group. */
  readonly publishes: boolean;
  /** Whether the worker would get a message that is sent now. `call.started` may be sent at any time. */
  isReady(connection: LaneConnection): boolean;
  send(message: OutboxMessage, connection: LaneConnection): SendResult;
  /** An event that was in flight has reached the worker, or has failed. */
  settled(event: LaneEvent, isAcked: boolean): void;
  /**
   * Acts on a message that is about the delivery itself. Returns false, and does nothing, for what the worker says, and
   * for a message that is too old to count. `mayBeOld`: it may answer what another stream sent. Only a delivery with
   * such messages has this.
   */
  consume?(message: LaneMessage, mayBeOld: boolean): boolean;
  /** The connection is gone. */
  disconnected(): void;
  /** The stream is over. Returns whether the worker can still get what waits for it. */
  end(): boolean;
  /** The lane is closed. */
  close(): void;
}

/** What a delivery may do to its lane. */
export interface DeliveryLane {
  readonly clock: Clock;
  /** Draws a number from 0 up to, but not including, 1. */
  readonly random: () => number;
  /** The lane continues a call that had a stream before. */
  readonly isResumed: boolean;
  /** Settles the message that is in flight, as an acknowledgement does. */
  settle(isAcked: boolean): void;
  /** Makes `call.started` due again, since no worker has the call any more. */
  startAgain(): void;
}

export type CreateDelivery = (lane: DeliveryLane) => Delivery;

/** For a function worker: each message is an event, and the next one goes out when the last one is acknowledged. */
const ACKNOWLEDGED: Delivery = {
  publishes: false,
  isReady: () => true,
  send(message, connection) {
    if (message.kind === 'audio') connection.sendAudio(message.packet);
    else connection.sendEvent(message.event);
    return 'inFlight';
  },
  settled() {},
  disconnected() {},
  end: () => true,
  close() {},
};

export const acknowledgedDelivery: CreateDelivery = () => ACKNOWLEDGED;
