/**
 * Lanes on Azure Web PubSub: a connection of the official client, whose events are named after the worker. Dropped
 * connections are recovered by the reliable subprotocol; one that cannot be recovered is reported as closed, and the lane
 * opens another.
 */
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { WebPubSubClient } from '@azure/web-pubsub-client';
import type { Logger } from 'pino';
import { isLoopbackHttp } from '../shared/config.ts';
import { downGroup, HUB } from '../shared/protocol/names.ts';
import type { CallEvent } from '../shared/protocol/worker-messages.ts';
import type {
  LaneConnection,
  LaneListener,
  LaneMessage,
  LaneMessageSource,
  OpenLaneConnection,
} from './lane-connection.ts';
import { laneProtocol } from './lane-protocol.ts';

/** How long a token may take from being made to being used; the service looks at it only when the client connects. */
const TOKEN_MINUTES = 5;

/** Opens lanes on the Web PubSub resource of this connection string. */
export function webPubSubLanes(
  options: { readonly connectionString: string; readonly endpoint: string },
  log: Logger,
): OpenLaneConnection {
  const service = new WebPubSubServiceClient(options.connectionString, HUB, {
    allowInsecureConnection: isLoopbackHttp(options.endpoint),
  });
  return ({ callId, worker }, listener) => new WebPubSubLane(service, callId, worker, listener, log);
}

class WebPubSubLane implements LaneConnection {
  readonly #client: WebPubSubClient;
  readonly #worker: string;
  #isStopped = false;

  constructor(
    service: WebPubSubServiceClient,
    callId: string,
    worker: string,
    listener: LaneListener,
    log: Logger,
  ) {
    this.#worker = worker;
    const getClientAccessUrl = async (): Promise<string> => {
      const token = await service.getClientAccessToken({
        userId: callId,
        // Events need no role, and the token joins the group: the lane can do nothing else.
        roles: [],
        groups: [downGroup(callId, worker)],
        expirationTimeInMinutes: TOKEN_MINUTES,
      });
      return token.url;
    };
    const protocol = laneProtocol({
      // The client goes on connecting when it is stopped meanwhile, and would then stay.
      connected: () => {
        if (this.#isStopped) this.#client.stop();
      },
      unreadable: () => log.warn({ callId, worker }, 'ignored an unreadable message of Web PubSub'),
    });
    this.#client = new WebPubSubClient(
      { getClientAccessUrl },
      // A chunk that could not be sent is stale, and a new connection is the lane's business: the worker must be told.
      { protocol, autoReconnect: false, messageRetryOptions: { maxRetries: 0 } },
    );
    const deliver = (from: LaneMessageSource, dataType: string, data: unknown): void => {
      if (!this.#isStopped) listener.message(toMessage(from, dataType, data));
    };
    this.#client.on('server-message', ({ message }) => deliver('reply', message.dataType, message.data));
    this.#client.on('group-message', ({ message }) => deliver('group', message.dataType, message.data));
    this.#client.on('stopped', () => {
      if (!this.#isStopped) listener.closed();
    });
  }

  async start(): Promise<void> {
    await this.#client.start();
    if (this.#isStopped) this.#client.stop();
  }

  async sendAudio(packet: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#client.sendEvent(this.#worker, toArrayBuffer(packet), 'binary');
  }

  async sendEvent(event: CallEvent): Promise<void> {
    await this.#client.sendEvent(this.#worker, event, 'json');
  }

  stop(): void {
    this.#isStopped = true;
    this.#client.stop();
  }
}

/** The client takes nothing but an ArrayBuffer of exactly these bytes. */
function toArrayBuffer(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer {
  return bytes.byteLength === bytes.buffer.byteLength
    ? bytes.buffer
    : bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}

function toMessage(from: LaneMessageSource, dataType: string, data: unknown): LaneMessage {
  if (data instanceof ArrayBuffer) return { from, type: 'binary', bytes: new Uint8Array(data) };
  return dataType === 'json' ? { from, type: 'json', value: data } : { from, type: 'text' };
}
