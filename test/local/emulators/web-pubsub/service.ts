import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GenerateClientTokenOptions, WebPubSubServiceClient } from '@azure/web-pubsub';
import { WebPubSubClient, type WebPubSubClientOptions } from '@azure/web-pubsub-client';
import { WebPubSubEventHandler, type WebPubSubEventHandlerOptions } from '@azure/web-pubsub-express';
import {
  type RunningWebPubSub,
  startWebPubSub,
  type WebPubSubOptions,
} from '../../../../local/emulators/web-pubsub/service/server.ts';
import { listenOnLoopback } from '../../../support/loopback.ts';

/** express has no types here; this is the part that a handler needs. */
type Express = RequestListener & { use(handler: unknown): void };
const express = createRequire(import.meta.url)('express') as () => Express;

/** Every resource that a test opened; `dispose` closes the last one first. */
export class Resources {
  readonly #closers: (() => Promise<void> | void)[] = [];

  add<T>(resource: T, close: (resource: T) => Promise<void> | void): T {
    this.#closers.push(() => close(resource));
    return resource;
  }

  async dispose(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }
}

/** The emulator on a free port. */
export async function startService(
  resources: Resources,
  options: WebPubSubOptions = {},
): Promise<RunningWebPubSub> {
  return resources.add(await startWebPubSub({ port: 0, ...options }), (service) => service.close());
}

/** Microsoft's server SDK for a hub of the service. */
export function serviceClient(service: RunningWebPubSub, hub: string): WebPubSubServiceClient {
  return new WebPubSubServiceClient(service.connectionString, hub, {
    allowInsecureConnection: true,
    retryOptions: { maxRetries: 0 },
  });
}

export interface ConnectOptions extends GenerateClientTokenOptions {
  readonly hub?: string;
  readonly client?: WebPubSubClientOptions;
}

/** Microsoft's client SDK, connected. Tries nothing again by itself unless told to. */
export async function connect(
  resources: Resources,
  service: RunningWebPubSub,
  options: ConnectOptions = {},
): Promise<{ client: WebPubSubClient; connectionId: string }> {
  const { hub = 'chat', client: clientOptions, ...tokenOptions } = options;
  const { url } = await serviceClient(service, hub).getClientAccessToken(tokenOptions);
  const client = new WebPubSubClient(url, {
    autoReconnect: false,
    messageRetryOptions: { maxRetries: 0 },
    ...clientOptions,
  });
  resources.add(client, (each) => each.stop());
  const connected = new Promise<string>((resolve) =>
    client.on('connected', (event) => resolve(event.connectionId)),
  );
  await client.start();
  return { client, connectionId: await connected };
}

/** A folder that is removed with everything else. */
export async function temporaryFolder(resources: Resources): Promise<string> {
  return resources.add(await mkdtemp(join(tmpdir(), 'web-pubsub-')), (path) => rm(path, { recursive: true }));
}

/** An HTTP server with this handler; resolves to its address. */
export async function startHttp(resources: Resources, handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  const port = await listenOnLoopback(server);
  resources.add(server, async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${port}`;
}

/** Microsoft's express middleware as the event handler of a hub; resolves to the URL for the event handler table. */
export async function startExpressHandler(
  resources: Resources,
  hub: string,
  options: WebPubSubEventHandlerOptions,
): Promise<string> {
  const app = express();
  const handler = new WebPubSubEventHandler(hub, options);
  app.use(handler.getMiddleware());
  return `${await startHttp(resources, app)}${handler.path}`;
}

/** The bytes of an ArrayBuffer of their own, as the client SDK wants binary data. */
export function arrayBufferOf(bytes: Uint8Array): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}
