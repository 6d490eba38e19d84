/** The plain HTTP side of the relay: liveness, readiness, and, with the admin token, metrics and reports of calls. */
import { createHash, timingSafeEqual } from 'node:crypto';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Clock } from '../../shared/base/clock.ts';
import { asksForWebSocket } from '../../shared/web-socket/handshake.ts';
import type { LatencySnapshot } from '../operate/latency-metrics.ts';
import type { LoopDelay } from '../operate/loop-delay.ts';
import { formatMetrics } from '../operate/metrics.ts';
import type { NoteTotals } from '../operate/note-office.ts';
import type { CallReport } from '../session/call-report.ts';
import type { CallRegistry } from './call-registry.ts';
import { Refusal, refusalBody, refusalHeaders } from './refusal.ts';

/** How long a client may take to send the headers of a request. */
const HEADERS_LIMIT_MS = 10_000;
/** How long it may take to send a request and its body. No request here needs a body. */
const WHOLE_REQUEST_LIMIT_MS = 15_000;
/** How often the server looks for clients that take longer. */
const CHECK_EVERY_MS = 1_000;
/** Connections beyond those of the calls: to probes, scrapers and strangers. */
const SPARE_CONNECTIONS = 1_000;
/** A stream that replaces another one is open while the first one closes. */
const CONNECTIONS_PER_CALL = 2;

interface HttpLimits {
  readonly headersMs: number;
  readonly requestMs: number;
  readonly checkEveryMs: number;
  /** Connections at the same time, media streams included; the server closes further ones at once. */
  readonly connections: number;
}

export function httpLimits(maxCalls: number): HttpLimits {
  return {
    headersMs: HEADERS_LIMIT_MS,
    requestMs: WHOLE_REQUEST_LIMIT_MS,
    checkEveryMs: CHECK_EVERY_MS,
    connections: CONNECTIONS_PER_CALL * maxCalls + SPARE_CONNECTIONS,
  };
}

/** A server that does not listen yet. It leaves a request for a WebSocket to its `upgrade` event. */
export function httpServer(serve: RequestListener, limits: HttpLimits): Server {
  const options = {
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: limits.checkEveryMs,
    // A client may ask for any protocol, such as h2c, and goes on with HTTP where the server does not have it.
    shouldUpgradeCallback: ({ headers }: IncomingMessage) => asksForWebSocket(headers),
  };
  const server = createServer(options, serve);
  server.maxConnections = limits.connections;
  return server;
}

interface HttpOptions {
  readonly registry: CallRegistry;
  readonly maxCalls: number;
  /** Opens the metrics and the reports of calls. Without it there are no reports. */
  readonly adminToken: string | undefined;
  /** Whether only this machine reaches the relay. Then, without an admin token, the metrics are open. */
  readonly isLocal: boolean;
  readonly clock: Pick<Clock, 'elapsedMs'>;
  /** Of the last window. */
  readonly loopDelay: () => LoopDelay;
  readonly latencies: () => LatencySnapshot;
  /** Resident memory of the process. */
  readonly residentBytes: () => number;
  /** Refused upgrades by HTTP status. */
  readonly refused: () => Readonly<Record<string, number>>;
  readonly notes: () => NoteTotals;
}

/** Serves the requests of one relay. */
export function answering(options: HttpOptions): RequestListener {
  const pages: Pages = { ...options, metrics: onceInAWhile(options.clock, () => metrics(options)) };
  return (request, response) => answer(request, response, pages);
}

/** The metrics take time that belongs to the calls, so requests cannot have them made more often than this. */
const METRICS_AGE_MS = 1_000;

interface Pages extends HttpOptions {
  /** At most `METRICS_AGE_MS` old. */
  readonly metrics: () => Content;
}

function answer(request: IncomingMessage, response: ServerResponse, pages: Pages): void {
  let content: Content;
  try {
    content = route(request, pages);
  } catch (error) {
    const refusal =
      error instanceof Refusal ? error : new Refusal(500, 'the relay could not answer this request');
    // Node would read the rest of a refused body before the next request, however long it is.
    const headers = { ...refusalHeaders(refusal), connection: 'close' };
    response.writeHead(refusal.status, headers).end(refusalBody(refusal));
    return;
  }
  response.writeHead(200, { 'content-type': content.type, 'cache-control': 'no-store' }).end(content.text);
}

interface Content {
  readonly type: string;
  readonly text: string;
}

function route(request: IncomingMessage, pages: Pages): Content {
  const { registry, adminToken, isLocal } = pages;
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  if (request.method !== 'GET' && request.method !== 'HEAD')
    throw new Refusal(405, 'only GET is served here');
  if (path === '/healthz') return json({ status: 'live' });
  if (path === '/readyz') {
    // Everybody may ask, so the answer does not say how many calls there are.
    if (registry.busyReason !== undefined) throw new Refusal(503, 'the relay takes no further call now');
    return json({ status: 'ready' });
  }
  if (path === '/metrics') {
    if (adminToken !== undefined || !isLocal) checkAdmin(request, adminToken);
    return pages.metrics();
  }
  if (path.startsWith('/media/')) throw new Refusal(426, 'media streams need a WebSocket');
  const callId = /^\/calls(?:\/([^/]+))?$/.exec(path);
  if (callId === null) throw new Refusal(404, 'there is nothing at this path');
  checkAdmin(request, adminToken);
  return callId[1] === undefined ? json({ calls: registry.reports() }) : json(report(registry, callId[1]));
}

function report(registry: CallRegistry, callId: string): CallReport {
  const found = registry.report(callId);
  if (found === undefined) throw new Refusal(404, 'there is no report of this call');
  return found;
}

function checkAdmin(request: IncomingMessage, adminToken: string | undefined): void {
  if (adminToken === undefined) throw new Refusal(404, 'there is nothing at this path');
  const given = /^Bearer +(.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
  if (!timingSafeEqual(digest(given), digest(adminToken))) {
    throw new Refusal(401, 'this needs the admin token in the header Authorization');
  }
}

/** Always of the same length, as the comparison in constant time needs it. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function json(value: unknown): Content {
  return { type: 'application/json', text: `${JSON.stringify(value)}\n` };
}

function onceInAWhile(clock: Pick<Clock, 'elapsedMs'>, make: () => Content): () => Content {
  let made: { readonly content: Content; readonly atMs: number } | undefined;
  return () => {
    const nowMs = clock.elapsedMs();
    if (made === undefined || nowMs - made.atMs >= METRICS_AGE_MS) made = { content: make(), atMs: nowMs };
    return made.content;
  };
}

function metrics({
  registry,
  maxCalls,
  refused,
  notes,
  loopDelay,
  latencies,
  residentBytes,
}: HttpOptions): Content {
  const text = formatMetrics({
    callsLive: registry.liveCount,
    maxCalls,
    callsStarted: registry.startedCount,
    isReady: registry.busyReason === undefined,
    queuedBytes: registry.waitingBytes,
    refused: refused(),
    notes: notes(),
    loopDelay: loopDelay(),
    latencies: latencies(),
    residentBytes: residentBytes(),
    totals: registry.totals(),
  });
  return { type: 'text/plain; version=0.0.4; charset=utf-8', text };
}
