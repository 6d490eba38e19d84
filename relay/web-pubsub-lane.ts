/**
 * Lanes on Azure Web PubSub: a connection of the official client over reliable protobuf, whose events are named after the
 * worker. What is in flight when the connection drops is sent again, under the same ack id, once the service has the
 * connection back; a connection that cannot be recovered is reported as closed, and the lane opens another.
 *
 *     starting ──▶ connected ──socket lost──▶ recovering ──▶ connected
 *                      │                          │
 *                      └──refused, or stop()──────┴──given up after 30 s, or stop()──▶ stopped
 */
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { SendMessageError, WebPubSubClient, type WebPubSubClientProtocol } from '@azure/web-pubsub-client';
import type { Logger } from 'pino';
import { protobufProtocol } from '../shared/azure/web-pubsub-protocol.ts';
import { isLoopbackHttp } from '../shared/config.ts';
import { controlGroup, downGroup, HUB, upGroup } from '../shared/protocol/names.ts';
import type { LaneIdentity } from '../shared/protocol/stream-handover.ts';
import type { CallEvent } from '../shared/protocol/worker-messages.ts';
import { systemClock } from './clock.ts';
import { readJsonText } from './json-text.ts';
import type {
  LaneConnection,
  LaneListener,
  LaneMessage,
  LaneMessageSource,
  LaneResume,
  LaneTarget,
  OpenLaneConnection,
} from './lane-connection.ts';
import { useOwnWebSocket } from './lane-transport.ts';
import { Recovery } from './recovery.ts';

/** How long a token may take from being made to being used; the service looks at it only when the client connects. */
const TOKEN_MINUTES = 5;
const KEEP_ALIVE_INTERVAL_MS = 5_000;
/**
 * A connection on which nothing comes for this long is dead, though no one has said so. The service answers a ping only
 * after the event before it, so this is more than a handler and every retry of its webhook may take.
 */
const KEEP_ALIVE_TIMEOUT_MS = 30_000;

/** Opens lanes on the Web PubSub resource of this connection string. */
export function webPubSubLanes(
  options: { readonly connectionString: string; readonly endpoint: string },
  log: Logger,
): OpenLaneConnection {
  const service = new WebPubSubServiceClient(options.connectionString, HUB, {
    allowInsecureConnection: isLoopbackHttp(options.endpoint),
  });
  return (target, listener) => new WebPubSubLane(service, target, listener, log);
}

class WebPubSubLane implements LaneConnection {
  readonly #client: WebPubSubClient;
  readonly #worker: string;
  readonly #upGroup: string;
  readonly #resume: LaneResume | undefined;
  readonly #recovery = new Recovery();
  #lastAckId: number;
  #identity: LaneIdentity | undefined;
  #isReleased = false;
  #isStopped = false;

  constructor(
    service: WebPubSubServiceClient,
    { callId, worker, publishes = false, resume }: LaneTarget,
    listener: LaneListener,
    log: Logger,
  ) {
    this.#worker = worker;
    this.#resume = resume;
    this.#lastAckId = resume?.firstAckId ?? 0;
    this.#upGroup = upGroup(callId, worker);
    const control = controlGroup(callId);
    const getClientAccessUrl = async (): Promise<string> => {
      const token = await service.getClientAccessToken({
        userId: callId,
        // Events need no role, and the token joins the groups: the lane can do nothing else.
        roles: publishes ? [`webpubsub.sendToGroup.${this.#upGroup}`] : [],
        groups: [downGroup(callId, worker), control],
        expirationTimeInMinutes: TOKEN_MINUTES,
      });
      return resume === undefined ? token.url : recoveryUrl(token.url, resume);
    };
    const protobuf = protobufProtocol('reliable', {
      connected: (connection) => {
        this.#identity = connection;
        // The client goes on connecting when it is stopped meanwhile, and would then stay.
        if (this.#isStopped) this.#client.stop();
        else this.#recovery.connected();
      },
      unreadable: () => log.warn({ callId, worker }, 'ignored an unreadable message of Web PubSub'),
    });
    const isReleased = (): boolean => this.#isReleased;
    const protocol: WebPubSubClientProtocol = {
      ...protobuf,
      // The client asks whenever it would confirm what came, or recover the connection.
      get isReliableSubProtocol() {
        return !isReleased();
      },
    };
    this.#client = new WebPubSubClient(
      { getClientAccessUrl },
      {
        protocol,
        // A new connection is the lane's business: the worker must be told.
        autoReconnect: false,
        // The client would try again with waits of a second, and while its socket is down; `#send` knows when to.
        messageRetryOptions: { maxRetries: 0 },
        keepAliveIntervalInMs: KEEP_ALIVE_INTERVAL_MS,
        keepAliveTimeoutInMs: KEEP_ALIVE_TIMEOUT_MS,
      },
    );
    useOwnWebSocket(this.#client, systemClock);
    const deliver = (from: LaneMessageSource, dataType: string, data: unknown): void => {
      if (!this.#isStopped) listener.message(toMessage(from, dataType, data));
    };
    this.#client.on('server-message', ({ message }) => deliver('reply', message.dataType, message.data));
    this.#client.on('group-message', ({ message: { group, dataType, data } }) => {
      if (group !== control) deliver('group', dataType, data);
      else if (!this.#isStopped) listener.control(readJsonText(data));
    });
    this.#client.on('stopped', () => {
      this.#recovery.close();
      if (!this.#isStopped) listener.closed();
    });
  }

  get identity(): LaneIdentity | undefined {
    return this.#isStopped ? undefined : this.#identity;
  }

  release(): void {
    this.#isReleased = true;
  }

  async start(): Promise<void> {
    const accepted = this.#recovery.next();
    await this.#client.start();
    // A connection that cannot be taken over is accepted and closed.
    if (this.#resume !== undefined) await accepted;
    if (this.#isStopped) this.#client.stop();
  }

  sendAudio(packet: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#send(packet, 'binary');
  }

  sendEvent(event: CallEvent): Promise<void> {
    return this.#send(event, 'json');
  }

  async publish(message: Uint8Array<ArrayBuffer> | CallEvent): Promise<void> {
    const dataType = message instanceof Uint8Array ? 'binary' : 'json';
    await this.#client.sendToGroup(this.#upGroup, message, dataType, { fireAndForget: true, noEcho: true });
  }

  stop(): void {
    this.#isStopped = true;
    this.#recovery.close();
    this.#client.stop();
  }

  /**
   * Sends one event and waits for its ack. The client rejects what is in flight when its socket drops, though the service
   * may have taken it: sent again under the same ack id it is handled once, since the service answers `Duplicate` to an id
   * that it has handled, and the client takes that for success.
   */
  async #send(data: Uint8Array | CallEvent, dataType: 'binary' | 'json'): Promise<void> {
    this.#lastAckId += 1;
    const ackId = this.#lastAckId;
    for (;;) {
      const back = this.#recovery.next();
      try {
        await this.#client.sendEvent(this.#worker, data, dataType, { ackId });
        return;
      } catch (error) {
        if (!isConnectionLost(error)) throw error;
        await back;
        // The lane has given this event up meanwhile and sends another one.
        if (ackId !== this.#lastAckId) throw error;
      }
    }
  }
}

/** The URL under which a client takes up a connection again that it has lost. */
function recoveryUrl(clientUrl: string, { connectionId, reconnectionToken }: LaneIdentity): string {
  const url = new URL(clientUrl);
  url.searchParams.set('awps_connection_id', connectionId);
  url.searchParams.set('awps_reconnection_token', reconnectionToken);
  return url.href;
}

/** Whether the event was not answered at all; an answer that refuses it has details. */
function isConnectionLost(error: unknown): boolean {
  return error instanceof SendMessageError && error.errorDetail === undefined;
}

/** JSON of a worker comes as text or as JSON, by the version of the service: what reads as an object is JSON. */
function toMessage(from: LaneMessageSource, dataType: string, data: unknown): LaneMessage {
  if (dataType === 'binary' && data instanceof Uint8Array) return { from, type: 'binary', bytes: data };
  const value = readJsonText(data);
  return typeof value === 'object' && value !== null ? { from, type: 'json', value } : { from, type: 'text' };
}
