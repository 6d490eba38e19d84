/** A process of resident workers: Web PubSub hands it calls at a webhook, served by Node's own HTTP server. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { systemClock } from '../../../../shared/base/clock.ts';
import { stackOf } from '../../../../shared/base/errors.ts';
import { type WebhookLog, WorkerWebhook } from '../../kit/webhook.ts';
import type { Worker } from '../../kit/worker.ts';
import { isControlApp, type WorkerConfig } from '../../settings/worker-config.ts';
import { ResidentCalls } from './resident-calls.ts';
import { residentConnections } from './resident-connection.ts';

interface Limits {
  /** How long a client may take to send the headers of a request. */
  readonly headersMs: number;
  /** How long a client may take to send a request and its body. */
  readonly requestMs: number;
  /** How often the server looks for clients that take longer. */
  readonly checkEveryMs: number;
  /** Connections at the same time; the server closes further ones at once. */
  readonly connections: number;
}

/** An event has at most 1 MB, and each connection may hold one back: at most 1 GB, all of it from Web PubSub. */
const LIMITS: Limits = { headersMs: 10_000, requestMs: 15_000, checkEveryMs: 1_000, connections: 1_000 };

/** Node would read the rest of a body that nobody wants before the next request, however long it is. */
const CLOSES = { connection: 'close' } as const;
const FIRST_ERROR_STATUS = 400;
const ROUTE = /^\/api\/workers\/([a-z][a-z0-9-]{0,62})$/;

export interface ResidentServer {
  readonly url: string;
  /** How many calls its workers are on at the moment. */
  readonly calls: number;
  close(): Promise<void>;
}

/** @throws Error when the port is taken, or a worker has no `onAudio` and so cannot hear a stream */
export async function startResidentServer(options: {
  readonly workers: readonly Worker[];
  readonly config: WorkerConfig;
  readonly host: string;
  readonly port: number;
  readonly log: Logger;
  readonly limits?: Limits;
}): Promise<ResidentServer> {
  const { workers, config, host, port, log, limits = LIMITS } = options;
  for (const { name, onAudio } of workers) {
    if (onAudio === undefined)
      throw new Error(`the worker ${name} has no onAudio, so it cannot hear a stream`);
  }
  const calls = new ResidentCalls({
    hostId: randomUUID(),
    clock: systemClock,
    isControlApp: (url) => isControlApp(config, url),
    open: residentConnections({ access: config.webPubSub, clock: systemClock, random: Math.random, log }),
    onFailed: (worker, callId, error, unlogged) =>
      log.error({ worker, callId, unlogged, err: stackOf(error) }, 'a worker lost an event'),
    onDropped: (worker, callId, dropped) =>
      log.warn({ worker, callId, dropped }, 'a worker is too slow: what waits for it is dropped'),
    onOver: (worker, callId, cause, losses) => log.info({ worker, callId, cause, ...losses }, 'left a call'),
  });
  const webhook = new WorkerWebhook({
    workers,
    service: () => config.webPubSub,
    handle: (worker, request) => calls.handle(worker, request),
  });
  const webhookLog: WebhookLog = {
    warn: (message, details) => log.warn(details, message),
    error: (message, stack, details) => log.error({ ...details, err: stack }, message),
  };
  const timing = {
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: limits.checkEveryMs,
  };
  const server = createServer(timing, (request, response) => {
    answer(webhook, request, response, webhookLog).catch((error: unknown) => {
      // Anybody can cut off a request, so that costs no line of the log.
      if (request.complete) log.error({ err: stackOf(error) }, 'a request failed');
      else log.debug('a client cut off its request');
      response.destroy();
    });
  });
  server.maxConnections = limits.connections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
  const { port: bound } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    // First refuse new calls, then give up those that are here.
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    await calls.close();
    server.closeAllConnections();
    await closed;
  };
  let closing: Promise<void> | undefined;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    get calls() {
      return calls.size;
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}

async function answer(
  webhook: WorkerWebhook,
  request: IncomingMessage,
  response: ServerResponse,
  log: WebhookLog,
): Promise<void> {
  const path = request.url?.split('?', 1)[0] ?? '';
  if (path === '/healthz') {
    response.writeHead(200, request.method === 'GET' || request.method === 'HEAD' ? {} : CLOSES).end();
    return;
  }
  if (!ROUTE.test(path) || (request.method !== 'POST' && request.method !== 'OPTIONS')) {
    response.writeHead(404, CLOSES).end();
    return;
  }
  const answered = await webhook.handle(toWebRequest(request, path), { log });
  const isRefused = answered.status >= FIRST_ERROR_STATUS || request.method === 'OPTIONS';
  response.writeHead(answered.status, {
    ...Object.fromEntries(answered.headers),
    ...(isRefused ? CLOSES : {}),
  });
  response.end(new Uint8Array(await answered.arrayBuffer()));
}

function toWebRequest(request: IncomingMessage, path: string): Request {
  const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [
    name,
    String(value),
  ]);
  const { method = 'POST' } = request;
  // The answer to a body that was not read to its end still goes out over the same socket.
  const body = ReadableStream.from(request.iterator({ destroyOnReturn: false }));
  return new Request(`http://localhost${path}`, {
    method,
    headers: new Headers(headers),
    ...(method === 'POST' ? { body, duplex: 'half' as const } : {}),
  });
}
