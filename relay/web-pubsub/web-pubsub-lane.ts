/**
 * Lanes on Azure Web PubSub, and connections that hear a call without a lane. Each lane is a client connection whose
 * events are named after the worker. When the connection is lost and recovered, the event in flight is sent again under
 * the same ack id, and is handled once: the service answers `Duplicate` for an id that it has handled. A connection
 * that is gone for good is reported as closed, and the lane opens another.
 */

import type { Logger } from 'pino';
import type { Clock } from '../../shared/base/clock.ts';
import { isLoopbackHttp } from '../../shared/base/loopback-url.ts';
import { clientAddresses, type WebPubSubAccess } from '../../shared/web-pubsub/client-addresses.ts';
import {
  type AckMessage,
  ClientConnection,
  type DataMessage,
} from '../../shared/web-pubsub/client-connection.ts';
import { groupPublisher, type Publish } from '../../shared/web-pubsub/group-publisher.ts';
import type { UpstreamData, UpstreamMessage } from '../../shared/web-pubsub/web-pubsub-protobuf.ts';
import type { LaneEvent } from '../../shared/wire/lane/worker-messages.ts';
import { controlGroup, downGroup, upGroup } from '../../shared/wire/names.ts';
import type { LaneIdentity } from '../../shared/wire/relay/stream-handover.ts';
import type {
  LaneConnection,
  LaneListener,
  LaneMessage,
  LaneMessageSource,
  LanePublication,
  LaneTarget,
  OpenControlConnection,
  OpenLaneConnection,
} from '../lane/lane-connection.ts';

interface WebPubSubOptions {
  readonly access: WebPubSubAccess;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Opens lanes on one Web PubSub resource. */
export function webPubSubLanes(options: WebPubSubOptions): OpenLaneConnection {
  const { access } = options;
  const addressOf = clientAddresses(access);
  const publish = groupPublisher({ ...access, isLoopback: isLoopbackHttp(access.endpoint) });
  return (target, listener) => new WebPubSubLane(target, listener, { ...options, addressOf, publish });
}

interface LaneSurroundings extends WebPubSubOptions {
  readonly addressOf: ReturnType<typeof clientAddresses>;
  readonly publish: Publish;
}

class WebPubSubLane implements LaneConnection {
  readonly #connection: ClientConnection;
  readonly #listener: LaneListener;
  readonly #worker: string;
  readonly #upGroup: string;
  readonly #controlGroup: string;
  readonly #publish: Publish;
  readonly #log: Logger;
  #lastAckId: number;
  /** The event that the service has not answered yet. */
  #inFlight: UpstreamMessage | undefined;

  constructor(
    { callId, worker, publishes = false, resume }: LaneTarget,
    listener: LaneListener,
    { addressOf, publish, clock, log }: LaneSurroundings,
  ) {
    this.#listener = listener;
    this.#publish = publish;
    this.#log = log.child({ callId, worker });
    this.#worker = worker;
    this.#lastAckId = resume?.firstAckId ?? 0;
    this.#upGroup = upGroup(callId, worker);
    this.#controlGroup = controlGroup(callId);
    this.#connection = new ClientConnection({
      url: () =>
        addressOf({
          userId: callId,
          groups: [downGroup(callId, worker), this.#controlGroup],
          // The lane may do nothing else.
          roles: publishes ? [`webpubsub.sendToGroup.${this.#upGroup}`] : [],
        }),
      ...(resume === undefined ? {} : { resume }),
      clock,
      listener: {
        data: (message) => {
          if (message.kind === 'serverData') listener.message(toMessage('reply', message));
          else if (message.group !== this.#controlGroup) listener.message(toMessage('group', message));
          else listener.control(readJsonText(message.data));
        },
        acked: (ack) => this.#acked(ack),
        recovered: () => {
          if (this.#inFlight !== undefined) this.#connection.send(this.#inFlight);
        },
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

  sendEvent(event: LaneEvent): void {
    this.#send(textOf(event));
  }

  publish(message: LanePublication): boolean {
    const data =
      message instanceof Uint8Array ? ({ type: 'binary', bytes: message } as const) : textOf(message);
    return this.#connection.send({ kind: 'sendToGroup', group: this.#upGroup, data, noEcho: true });
  }

  tell(event: LaneEvent): void {
    this.#publish(this.#upGroup, event).catch((err: unknown) => {
      this.#log.warn({ err, type: event.type }, 'could not tell a handler that runs; the event follows');
    });
  }

  release(): void {
    this.#connection.release();
  }

  stop(): void {
    this.#inFlight = undefined;
    this.#connection.stop();
  }

  /** Gives up the event before. Without a connection, `recovered` sends this one later. */
  #send(data: UpstreamData): void {
    this.#lastAckId += 1;
    this.#inFlight = { kind: 'sendEvent', event: this.#worker, data, ackId: this.#lastAckId };
    this.#connection.send(this.#inFlight);
  }

  #acked({ ackId, success, error }: AckMessage): void {
    if (ackId !== this.#lastAckId || this.#inFlight === undefined) return;
    this.#inFlight = undefined;
    this.#listener.settled(success || error?.name === 'Duplicate');
  }
}

/** JSON travels as text, which every version of the service knows. */
function textOf(event: Exclude<LanePublication, Uint8Array>): UpstreamData {
  return { type: 'text', text: JSON.stringify(event) };
}

/** A worker's JSON comes as text or as JSON, depending on the version of the service: an object is JSON. */
function toMessage(from: LaneMessageSource, { dataType, data }: DataMessage): LaneMessage {
  if (dataType === 'binary') return { from, type: 'binary', bytes: data };
  const value = readJsonText(data);
  return typeof value === 'object' && value !== null ? { from, type: 'json', value } : { from, type: 'text' };
}

/** Data that is JSON text, parsed; undefined for any other data. */
function readJsonText(data: unknown): unknown {
  try {
    return typeof data === 'string' ? JSON.parse(data) : undefined;
  } catch {
    return undefined;
  }
}

/** Opens connections that hear the control group of one call and nothing else. */
export function webPubSubControl({ access, clock, log }: WebPubSubOptions): OpenControlConnection {
  const addressOf = clientAddresses(access);
  return (callId, { control, closed }) =>
    new ClientConnection({
      url: () => addressOf({ userId: callId, groups: [controlGroup(callId)] }),
      clock,
      listener: {
        data: ({ data }) => control(readJsonText(data)),
        acked: () => {},
        recovered: () => {},
        closed,
        unreadable: () => log.warn({ callId }, 'ignored an unreadable message of Web PubSub'),
        failed: (err) => log.error({ callId, err }, 'could not handle a message of the control group'),
      },
    });
}
