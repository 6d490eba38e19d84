/** How a lane hands its messages to the worker, and how it learns that they have arrived. */
import type { Clock } from '../../shared/base/clock.ts';
import { type LaneEvent, parseListening } from '../../shared/wire/lane/worker-messages.ts';
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
  /** An event waits to be sent, behind what is in flight. */
  queued?(event: LaneEvent): void;
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
  /** Gives the message that is in flight more time, since its handler runs. */
  extend(): void;
  /** Another process speaks for the worker from now on, and numbers its packets from the beginning. */
  otherSpeaks(): void;
  /** Makes `call.started` due again, since no worker has the call any more. */
  startAgain(): void;
}

export type CreateDelivery = (lane: DeliveryLane) => Delivery;

/**
 * For a function worker: each message is an event, and the next one goes out when the last one is acknowledged. The
 * service handles the events of a connection one after the other. So a handler that takes its time listens in the
 * worker's group of the call, says so, and is told there what ends it early.
 */
class AcknowledgedDelivery implements Delivery {
  readonly publishes = false;
  readonly #lane: DeliveryLane;
  /** The turn of the handler that listens. */
  #listeningTurn: number | undefined;
  /** How often a handler has said that it listens, while this event is in flight. */
  #heardListening = 0;
  /** What the worker has not been sent yet. */
  #urgent: LaneEvent[] = [];
  #connection: LaneConnection | undefined;

  constructor(lane: DeliveryLane) {
    this.#lane = lane;
  }

  isReady(): boolean {
    return true;
  }

  send(message: OutboxMessage, connection: LaneConnection): SendResult {
    // The handler before has answered.
    this.#listeningTurn = undefined;
    this.#heardListening = 0;
    this.#connection = connection;
    const sent = message.kind === 'event' ? message.event : undefined;
    // What was refused was said by a handler that has answered. It learns nothing any more, and the next one must not.
    this.#urgent = this.#urgent.filter((event) => event !== sent && event.type !== 'refused');
    if (message.kind === 'audio') connection.sendAudio(message.packet);
    else connection.sendEvent(message.event);
    return 'inFlight';
  }

  queued(event: LaneEvent): void {
    if (!isUrgent(event)) return;
    this.#urgent.push(event);
    if (this.#urgent.length > MAX_URGENT) this.#urgent.shift();
    if (this.#listeningTurn !== undefined) this.#connection?.tell?.(event);
  }

  consume(message: LaneMessage): boolean {
    const listening = message.type === 'json' ? parseListening(message.value) : undefined;
    if (listening === undefined) return false;
    this.#heardListening += 1;
    if (this.#heardListening > MAX_LISTENING) return true;
    this.#listeningTurn = listening.turn;
    this.#lane.extend();
    // They came while the handler was still on its way into the group.
    for (const event of this.#urgent) this.#connection?.tell?.(event);
    return true;
  }

  settled(): void {}

  disconnected(): void {
    this.#connection = undefined;
    this.#listeningTurn = undefined;
  }

  end(): boolean {
    return true;
  }

  close(): void {}
}

/**
 * A handler says once that it listens. One that was delivered twice, or has just ended, may say so as well; more of it
 * would cost the relay a request for each event that waits.
 */
const MAX_LISTENING = 4;
/** Events that may wait to be told. Older ones say no more than the last of their type. */
const MAX_URGENT = 4;

function isUrgent({ type }: LaneEvent): boolean {
  return type === 'interrupted' || type === 'refused' || type === 'call.ended';
}

export const acknowledgedDelivery: CreateDelivery = (lane) => new AcknowledgedDelivery(lane);
