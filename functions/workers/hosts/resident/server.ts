/** A process of resident workers: the webhook by which Web PubSub hands it calls, over Node's own HTTP server. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HttpRequest, type HttpResponseInit, InvocationContext } from '@azure/functions';
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import type { Logger } from 'pino';
import { isLoopbackHttp } from '../../../../shared/base/loopback-url.ts';
import { HUB } from '../../../../shared/wire/names.ts';
import { MAX_EVENT_BYTES, WorkerWebhook } from '../../kit/webhook.ts';
import type { Worker } from '../../kit/worker.ts';
import type { WorkerConfig } from '../../settings/worker-config.ts';
import { ResidentCalls } from './resident-calls.ts';
import { residentConnections } from './resident-connection.ts';

const ROUTE = /^\/api\/workers\/([a-z][a-z0-9-]{0,62})$/;

export interface ResidentServer {
  readonly url: string;
  /** Calls that are heard at this moment. */
  readonly calls: number;
  close(): Promise<void>;
}

/** @throws Error when the port is taken, or a worker has no `onAudio` and so nothing to hear a stream with */
export async function startResidentServer(options: {
  readonly workers: readonly Worker[];
  readonly config: WorkerConfig;
  readonly host: string;
  readonly port: number;
  readonly log: Logger;
}): Promise<ResidentServer> {
  const { workers, config, host, port, log } = options;
  for (const { name, onAudio } of workers) {
    if (onAudio === undefined)
      throw new Error(`the worker ${name} has no onAudio, by which a stream is heard`);
  }
  const { connectionString, endpoint } = config.webPubSub;
  const service = new WebPubSubServiceClient(connectionString, HUB, {
    allowInsecureConnection: isLoopbackHttp(endpoint),
  });
  const calls = new ResidentCalls({
    hostId: randomUUID(),
    nowMs: () => Date.now(),
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    open: residentConnections(service),
    onFailed: (worker, callId, error) => log.error({ worker, callId, err: error }, 'a worker lost an event'),
    onOver: (worker, callId, cause) => log.info({ worker, callId, cause }, 'left a call'),
  });
  const webhook = new WorkerWebhook(
    workers,
    () => config,
    (worker, request) => calls.handle(worker, request),
  );
  const server = createServer((request, response) => {
    answer(webhook, request, response, log).catch((error: unknown) => {
      log.error({ err: error }, 'a request failed');
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
  const { port: bound } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    // New calls go elsewhere before those that are here are given up.
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
  log: Logger,
): Promise<void> {
  const path = request.url?.split('?', 1)[0] ?? '';
  if (path === '/healthz') {
    response.writeHead(200).end();
    return;
  }
  const name = ROUTE.exec(path)?.[1];
  if (name === undefined || (request.method !== 'POST' && request.method !== 'OPTIONS')) {
    response.writeHead(404).end();
    return;
  }
  const body = await bodyOf(request);
  if (body === undefined) {
    response.writeHead(413, { connection: 'close' }).end();
    return;
  }
  const context = new InvocationContext({
    functionName: 'residentWorkers',
    logHandler: (level, ...args) =>
      log[levelOf(level)]({ details: args.slice(1).map(String) }, String(args[0])),
  });
  send(response, await webhook.handle(toFunctionsRequest(request, name, body), context));
}

function toFunctionsRequest(request: IncomingMessage, name: string, body: Buffer): HttpRequest {
  const headers: Record<string, string> = {};
  for (const [key, value] of Object.entries(request.headers))
    if (value !== undefined) headers[key] = String(value);
  return new HttpRequest({
    method: request.method ?? 'POST',
    url: `http://localhost/api/workers/${name}`,
    headers,
    params: { name },
    ...(body.byteLength === 0 ? {} : { body: { bytes: body } }),
  });
}

function send(response: ServerResponse, init: HttpResponseInit): void {
  response.writeHead(init.status ?? 200, init.headers as Record<string, string> | undefined);
  response.end(init.body);
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.byteLength;
    if (length > MAX_EVENT_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function levelOf(level: string): 'debug' | 'info' | 'warn' | 'error' {
  switch (level) {
    case 'warning':
      return 'warn';
    case 'error':
    case 'critical':
      return 'error';
    case 'information':
      return 'info';
    default:
      return 'debug';
  }
}
