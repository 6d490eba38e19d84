/**
 * Delivery to a resident worker. `call.started` reaches one replica of the worker as an event. A replica that has
 * acknowledged it has joined the worker's group of the call, and from then on the lane publishes audio and events
 * there. Nobody acknowledges what is published: a message that could not be sent is lost and counted.
 *
 *     away ──call.started acknowledged──▶ joined
 *      ▲                                    │
 *      └────connection lost, the replica leaves or gives no sign of life────┘
 *
 * The lane of a call that had a stream before first asks in the group whether a replica has the call: if one answers,
 * it goes on with its state. The answer repeats the nonce of the question, since a connection that the lane has taken
 * over may bring signs of presence that were kept for the stream before. What comes while no replica has joined waits
 * in the lane's outbox.
 */
import { afterSilence } from '../../shared/base/own-pause.ts';
import {
  PRESENCE_LIMIT_MS,
  parseResidentMessage,
  type RelayHere,
} from '../../shared/wire/lane/resident-messages.ts';
import type { LaneEvent } from '../../shared/wire/lane/worker-messages.ts';
import type { CreateDelivery, Delivery, DeliveryLane, SendResult } from './delivery.ts';
import type { LaneConnection, LaneMessage, LanePublication } from './lane-connection.ts';
import type { OutboxMessage } from './lane-outbox.ts';

/** How long a replica that has the call may take to say so, before any replica may get the call. */
const ASK_LIMIT_MS = 300;

const nothing = (): void => {};

class ResidentDelivery implements Delivery {
  readonly publishes = true;
  readonly #lane: DeliveryLane;
  #hasJoined = false;
  #isOver = false;
  /** The replica that last said that it has the call. */
  #host: string | undefined;
  /** The connection on which the replica has joined. */
  #connection: LaneConnection | undefined;
  /** Something was published since the replica's last sign of presence. */
  #hasPublished = false;
  /** The group has not been asked yet whether a replica has the call. */
  #mayAsk: boolean;
  /** The question in the group that waits for its answer. */
  #asked: string | undefined;
  #cancelAsk = nothing;
  #cancelWatch = nothing;

  constructor(lane: DeliveryLane) {
    this.#lane = lane;
    this.#mayAsk = lane.isResumed;
  }

  isReady(connection: LaneConnection): boolean {
    return this.#hasJoined && connection.isCongested !== true;
  }

  send(message: OutboxMessage, connection: LaneConnection): SendResult {
    this.#connection = connection;
    this.#hasPublished = true;
    if (message.kind === 'audio') return publish(message.packet, connection);
    const { event } = message;
    switch (event.type) {
      case 'call.started':
        this.#start(event, connection);
        return 'inFlight';
      case 'call.ended':
        // In the group it arrives in its place after the audio, and as an event it is acknowledged.
        publish(event, connection);
        connection.sendEvent(event);
        return 'inFlight';
      default:
        return publish(event, connection);
    }
  }

  settled(event: LaneEvent, isAcked: boolean): void {
    if (!isAcked || event.type !== 'call.started') return;
    this.#hasJoined = true;
    if (!this.#isOver) this.#watch();
  }

  consume(message: LaneMessage, mayBeOld: boolean): boolean {
    if (message.type !== 'json') return false;
    const said = parseResidentMessage(message.value);
    if (said === undefined) return false;
    const answers = said.type === 'resident.here' && said.nonce !== undefined && said.nonce === this.#asked;
    if (mayBeOld && !answers) return false;
    switch (said.type) {
      case 'resident.here':
        // It says so before it says anything else, and knows no number of the replica before.
        if (this.#host !== undefined && said.host !== this.#host) this.#lane.otherSpeaks();
        this.#host = said.host;
        // On a connection of its own every sign of presence is new, so it answers the question as well.
        if (this.#asked !== undefined) {
          this.#stopAsking();
          this.#lane.settle(true);
        }
        if (this.#hasJoined && !this.#isOver) {
          this.#watch();
          this.#showPresence();
        }
        return true;
      case 'resident.left':
        this.#findAnother();
        return true;
      case 'resident.joined':
        return true;
    }
  }

  disconnected(): void {
    this.#connection = undefined;
    this.#hasJoined = false;
    this.#cancelWatch();
    this.#stopAsking();
  }

  end(): boolean {
    this.#isOver = true;
    this.#cancelWatch();
    return this.#hasJoined;
  }

  close(): void {
    this.end();
    this.#stopAsking();
  }

  #start(started: LaneEvent, connection: LaneConnection): void {
    if (!this.#isOver) this.#watch();
    const nonce = Math.floor(this.#lane.random() * Number.MAX_SAFE_INTEGER).toString(36);
    const question = { ...started, nonce };
    const isAsked = this.#mayAsk && publish(question, connection) === 'delivered';
    this.#mayAsk = false;
    if (!isAsked) {
      connection.sendEvent(started);
      return;
    }
    this.#asked = nonce;
    this.#cancelAsk = afterSilence(this.#lane.clock, ASK_LIMIT_MS, () => {
      this.#asked = undefined;
      connection.sendEvent(started);
    });
  }

  /** A replica that hears nothing for a minute leaves the call. */
  #showPresence(): void {
    if (!this.#hasPublished && this.#connection !== undefined)
      publish({ type: 'relay.here' }, this.#connection);
    this.#hasPublished = false;
  }

  #stopAsking(): void {
    this.#cancelAsk();
    this.#asked = undefined;
  }

  /** No replica has the call: the lane sends `call.started` again, and again after each `PRESENCE_LIMIT_MS`. */
  #findAnother(): void {
    if (this.#isOver) return;
    this.#hasJoined = false;
    this.#watch();
    this.#lane.startAgain();
  }

  #watch(): void {
    this.#cancelWatch();
    this.#cancelWatch = afterSilence(this.#lane.clock, PRESENCE_LIMIT_MS, () => this.#findAnother());
  }
}

function publish(message: LanePublication, connection: LaneConnection): SendResult {
  const told = message instanceof Uint8Array ? message : withoutToken(message);
  return connection.publish?.(told) ? 'delivered' : 'lost';
}

/**
 * Anybody with the key of the hub can join the group. The replica that has the call keeps the token of the
 * `call.started` that it got as an event.
 */
function withoutToken(event: LaneEvent | RelayHere): LaneEvent | RelayHere {
  if (event.type !== 'call.started') return event;
  const { control: _, ...rest } = event;
  return rest;
}

export const residentDelivery: CreateDelivery = (lane) => new ResidentDelivery(lane);
