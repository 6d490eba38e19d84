/**
 * Lanes on Azure Web PubSub: a client's connection (`client-connection.ts`) whose events are named after the worker. What is in flight when the
 * connection is lost is sent again, under the same ack id, once it is back, and is handled once: the service answers `Duplicate` to an id that it has
 * handled. A connection that is gone is reported as closed, and the lane opens another.
 */
import type { Logger } from 'pino';
import { systemClock } from '../../shared/base/clock.ts';
import { clientAddresses, type WebPubSubAccess } from '../../shared/web-pubsub/client-addresses.ts';
import {
  type AckMessage,
  ClientConnection,
  type DataMessage,
} from '../../shared/web-pubsub/client-connection.ts';
import type { UpstreamData } from '../../shared/web-pubsub/web-pubsub-protobuf.ts';
import type { CallEvent } from '../../shared/wire/lane/worker-messages.ts';
import { controlGroup, downGroup, upGroup } from '../../shared/wire/names.ts';
import type { LaneIdentity } from '../../shared/wire/relay/stream-handover.ts';
import type {
  LaneConnection,
  LaneListener,
  LaneMessage,
  LaneMessageSource,
  LaneTarget,
  OpenLaneConnection,
} from '../lane/lane-connection.ts';

/** Opens lanes on the Web PubSub resource of this connection string. */
export function webPubSubLanes(access: WebPubSubAccess, log: Logger): OpenLaneConnection {
  const addressOf = clientAddresses(access);
  return (target, listener) => new WebPubSubLane(addressOf, target, listener, log);
}

class WebPubSubLane implements LaneConnection {
  readonly #connection: ClientConnection;
  readonly #listener: LaneListener;
  readonly #worker: string;
  readonly #upGroup: string;
  readonly #controlGroup: string;
  #lastAckId: number;
  /** What the service has not answered. */
  #inFlight: UpstreamData | undefined;

  constructor(
    addressOf: ReturnType<typeof clientAddresses>,
    { callId, worker, publishes = false, resume }: LaneTarget,
    listener: LaneListener,
    log: Logger,
  ) {
    this.#listener = listener;
    this.#worker = worker;
    this.#lastAckId = resume?.firstAckId ?? 0;
    this.#upGroup = upGroup(callId, worker);
    this.#controlGroup = controlGroup(callId);
    this.#connection = new ClientConnection({
      url: () =>
        addressOf({
          userId: callId,
          groups: [downGroup(callId, worker), this.#controlGroup],
          // The lane can do nothing else.
          roles: publishes ? [`webpubsub.sendToGroup.${this.#upGroup}`] : [],
        }),
      ...(resume === undefined ? {} : { resume }),
      clock: systemClock,
      listener: {
        data: (message) => this.#received(message),
        acked: (ack) => this.#acked(ack),
        recovered: () => this.#sendInFlight(),
        closed: () => listener.closed(),
        unreadable: () => log.warn({ callId, worker }, 'ignored an unreadable message of Web PubSub'),
        failed: (err) => log.error({ callId, worker, err }, 'could not handle a message of the lane'),
      },
    });
  }

  get identity(): LaneIdentity | undefined {
    return this.#connection.identity;
  }

  get isCongested(): boolean {
    return this.#connection.isCongested;
  }

  start(): Promise<void> {
    return this.#connection.start();
  }

  sendAudio(packet: Uint8Array<ArrayBuffer>): void {
    this.#send({ type: 'binary', bytes: packet });
  }

  sendEvent(event: CallEvent): void {
    this.#send(textOf(event));
  }

  publish(message: Uint8Array<ArrayBuffer> | CallEvent): boolean {
    const data =
      message instanceof Uint8Array ? ({ type: 'binary', bytes: message } as const) : textOf(message);
    return this.#connection.send({ kind: 'sendToGroup', group: this.#upGroup, data, noEcho: true });
  }

  release(): void {
    this.#connection.release();
  }

  stop(): void {
    this.#inFlight = undefined;
    this.#connection.stop();
  }

  /** The one before, if it is still in flight, has been given up. */
  #send(data: UpstreamData): void {
    this.#lastAckId += 1;
    this.#inFlight = data;
    this.#sendInFlight();
  }

  /** Nothing while there is no connection: it is sent once there is. */
  #sendInFlight(): void {
    const data = this.#inFlight;
    if (data === undefined) return;
    this.#connection.send({ kind: 'sendEvent', event: this.#worker, data, ackId: this.#lastAckId });
  }

  #acked({ ackId, success, error }: AckMessage): void {
    if (ackId !== this.#lastAckId || this.#inFlight === undefined) return;
    this.#inFlight = undefined;
    this.#listener.settled(success || error?.name === 'Duplicate');
  }

  #received(message: DataMessage): void {
    if (message.kind === 'serverData') this.#listener.message(toMessage('reply', message));
    else if (message.group !== this.#controlGroup) this.#listener.message(toMessage('group', message));
    else this.#listener.control(readJsonText(message.data));
  }
}

/** JSON travels as text, which a service of any version knows. */
function textOf(event: CallEvent): UpstreamData {
  return { type: 'text', text: JSON.stringify(event) };
}

/** JSON of a worker comes as text or as JSON, by the version of the service: what reads as an object is JSON. */
function toMessage(from: LaneMessageSource, { dataType, data }: DataMessage): LaneMessage {
  if (dataType === 'binary') return { from, type: 'binary', bytes: data };
  const value = readJsonText(data);
  return typeof value === 'object' && value !== null ? { from, type: 'json', value } : { from, type: 'text' };
}

/** Data that is JSON text, parsed; undefined for any other data. */
export function readJsonText(data: unknown): unknown {
  try {
    return typeof data === 'string' ? JSON.parse(data) : undefined;
  } catch {
    return undefined;
  }
}
