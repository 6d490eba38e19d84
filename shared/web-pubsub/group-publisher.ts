/** Publishes to groups of Web PubSub without a connection: one REST request for each message. */
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { HUB } from '../wire/names.ts';

/**
 * Bytes are audio in RTP, anything else is JSON. Resolves when the service has accepted the message; rejects when it
 * refuses it, or has not answered in time.
 */
export type Publish = (group: string, message: Uint8Array<ArrayBuffer> | object) => Promise<void>;

/** Late audio is useless, so a request is repeated once, and soon. */
const RETRIES = { maxRetries: 1, retryDelayInMs: 100 } as const;

/** How long a message may take, the second attempt included. The service takes one in less than a second. */
const PUBLISH_LIMIT_MS = 10_000;

/** The service keeps the order of a group's messages if each is sent after the last one was accepted. */
export function groupPublisher(options: {
  readonly connectionString: string;
  /** The endpoint is plain http. Only a service on this machine is. */
  readonly isLoopback: boolean;
  /** Milliseconds of real time that a message may take. Defaults to 10,000. */
  readonly limitMs?: number;
}): Publish {
  const { limitMs = PUBLISH_LIMIT_MS } = options;
  const service = new WebPubSubServiceClient(options.connectionString, HUB, {
    allowInsecureConnection: options.isLoopback,
    retryOptions: RETRIES,
  });
  return async (group, message) => {
    const body = message instanceof Uint8Array ? exactBuffer(message) : message;
    await service.group(group).sendToAll(body, { abortSignal: AbortSignal.timeout(limitMs) });
  };
}

function exactBuffer(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer {
  return bytes.byteLength === bytes.buffer.byteLength
    ? bytes.buffer
    : bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}
