/** Publishing to groups of Web PubSub from code that holds no connection: one REST request for each message. */
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { HUB } from '../wire/names.ts';

/** Bytes are audio in RTP, anything else is JSON. Resolves when the service has taken the message. */
export type Publish = (group: string, message: Uint8Array<ArrayBuffer> | object) => Promise<void>;

/** Audio that comes late is of no use, so that a request is repeated once, and soon. */
const RETRIES = { maxRetries: 1, retryDelayInMs: 100 } as const;

/** The service keeps the order of one group's messages where each is sent once the one before it is taken. */
export function groupPublisher(options: {
  readonly connectionString: string;
  /** The endpoint is plain http, which only a service on this machine is. */
  readonly isLoopback: boolean;
}): Publish {
  const service = new WebPubSubServiceClient(options.connectionString, HUB, {
    allowInsecureConnection: options.isLoopback,
    retryOptions: RETRIES,
  });
  return async (group, message) => {
    const body = message instanceof Uint8Array ? exactBuffer(message) : message;
    await service.group(group).sendToAll(body);
  };
}

function exactBuffer(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer {
  return bytes.byteLength === bytes.buffer.byteLength
    ? bytes.buffer
    : bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}
