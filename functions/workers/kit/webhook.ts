/**
 * The CloudEvents webhook of Web PubSub on web-standard requests: checks the caller, finds the worker, runs the event.
 */

import { kindOf, stackOf } from '../../../shared/base/errors.ts';
import { readBodyBytes } from '../../../shared/base/http-body.ts';
import { RareLines } from '../../../shared/base/rare-lines.ts';
import { ConfigError } from '../../../shared/base/settings.ts';
import { CALL_ID_PATTERN, HUB } from '../../../shared/wire/names.ts';
import { WorkerDefinitionError } from './define-worker.ts';
import { handleLaneEvent, type LaneRequest } from './lane-event.ts';
import type { LaneResponse } from './run-event.ts';
import { allowedOrigin, isSigned } from './webhook-caller.ts';
import type { Worker } from './worker.ts';

/** Longest event in bytes: the longest message that Web PubSub takes from a client. */
const MAX_EVENT_BYTES = 1_048_576;

/** The shortest time between two lines about refusals: anybody can be refused as often as they like. */
const REFUSAL_LINE_MS = 1_000;
/** The shortest time between two lines about events that one worker loses on one call: it may fail on every frame. */
export const LOST_EVENT_LINE_MS = 10_000;

const USER_EVENT = 'azure.webpubsub.user.';

/** The Web PubSub resource whose events the webhook accepts. */
interface WebhookService {
  /** The host name of its endpoint, without a port. */
  readonly endpointHost: string;
  /** One or two: two while keys are rotated. */
  readonly accessKeys: readonly string[];
}

/** What happened in this process since it started, for the log. */
interface WebhookCounts {
  readonly events: number;
  readonly ignored: number;
  readonly failed: number;
  readonly refused: number;
}

/** Where the host writes what the webhook reports about one request. */
export interface WebhookLog {
  warn(message: string, details: object): void;
  error(message: string, stack: string, details: object): void;
}

/** What the host knows of one request besides the request itself. */
interface WebhookInvocation {
  readonly log: WebhookLog;
  /** The trace of the invocation (W3C Trace Context). */
  readonly traceparent?: string | undefined;
}

/** Handles an event. Never throws. */
type HandleEvent = (worker: Worker, request: LaneRequest, log: WebhookLog) => Promise<LaneResponse>;

interface WebhookOptions {
  readonly workers: readonly Worker[];
  /** Called with each request. Throws ConfigError for a wrong setting, which fails requests and not the load. */
  readonly service: () => WebhookService;
  /** Defaults to the worker's handlers without a way to publish. */
  readonly handle?: HandleEvent;
  /** Milliseconds that only grow. Defaults to those of this process. */
  readonly elapsedMs?: () => number;
}

/** A request that no worker answers. The sentence goes to the caller and holds nothing secret. */
class WebhookRefusal extends Error {
  readonly status: 400 | 401 | 404 | 411 | 413;
  constructor(status: WebhookRefusal['status'], message: string) {
    super(message);
    this.status = status;
  }
}

export class WorkerWebhook {
  readonly #workers: ReadonlyMap<string, Worker>;
  readonly #service: () => WebhookService;
  readonly #handle: HandleEvent;
  readonly #refusals: RareLines;
  readonly #lostEvents: RareLines;
  #isMisconfigurationLogged = false;
  #counts = { events: 0, ignored: 0, failed: 0, refused: 0 };

  /** @throws WorkerDefinitionError where two workers have one name */
  constructor({
    workers,
    service,
    handle = (worker, event) => handleLaneEvent(worker, event),
    elapsedMs = () => performance.now(),
  }: WebhookOptions) {
    this.#workers = byName(workers);
    this.#service = service;
    this.#handle = handle;
    this.#refusals = new RareLines(REFUSAL_LINE_MS, elapsedMs);
    this.#lostEvents = new RareLines(LOST_EVENT_LINE_MS, elapsedMs);
  }

  get counts(): WebhookCounts {
    return { ...this.#counts };
  }

  /**
   * Answers every request; the last part of its path is the worker's name. Wrong settings answer 500, and go to the
   * log once, since anybody can ask.
   */
  async handle(request: Request, { log, traceparent }: WebhookInvocation): Promise<Response> {
    try {
      const service = this.#service();
      if (request.method === 'OPTIONS') return allow(request, service.endpointHost);
      const { connectionId } = checkCaller(request, service.accessKeys);
      const worker = this.#findWorker(request);
      const callId = callIdOf(request);
      const body = await readBodyBytes(request, MAX_EVENT_BYTES);
      if (body === undefined) {
        throw new WebhookRefusal(413, `an event has at most ${MAX_EVENT_BYTES} bytes`);
      }
      if (body.length === 0 && !request.headers.has('content-length')) {
        // The Functions host hands over an empty body for one that is sent in chunks.
        throw new WebhookRefusal(411, 'an event needs a content-length, or its body does not arrive');
      }
      const event = {
        callId,
        contentType: request.headers.get('content-type') ?? '',
        body,
        connectionId,
        connectionState: request.headers.get('ce-connectionState') ?? undefined,
        traceparent,
      };
      const response = await this.#handle(worker, event, log);
      this.#count(response, worker, { callId, connectionId }, log);
      return toHttp(response);
    } catch (error) {
      if (error instanceof ConfigError) return this.#misconfigured(error, log);
      if (!(error instanceof WebhookRefusal)) throw error;
      this.#refused(error, log);
      return new Response(error.message, { status: error.status });
    }
  }

  /** Strangers do not learn which settings are wrong. */
  #misconfigured(error: ConfigError, log: WebhookLog): Response {
    if (!this.#isMisconfigurationLogged) log.error(error.message, stackOf(error), { ...this.#counts });
    this.#isMisconfigurationLogged = true;
    return new Response('the log of the worker app lists the settings that need attention', { status: 500 });
  }

  /** The counts of a line say how many refusals have none. */
  #refused({ status, message }: WebhookRefusal, log: WebhookLog): void {
    this.#counts.refused += 1;
    if (this.#refusals.next() === undefined) return;
    log.warn(`webhook call refused with ${status}: ${message}`, { ...this.#counts });
  }

  #findWorker(request: Request): Worker {
    const name = header(request, 'ce-eventName');
    if (new URL(request.url).pathname.split('/').at(-1) !== name) {
      throw new WebhookRefusal(400, 'the event name (ce-eventName) must be the last part of the path');
    }
    const worker = this.#workers.get(name);
    if (worker === undefined) throw new WebhookRefusal(404, 'there is no worker of this name in this app');
    return worker;
  }

  #count(
    response: LaneResponse,
    worker: Worker,
    ids: { callId: string; connectionId: string },
    log: WebhookLog,
  ): void {
    this.#counts.events += 1;
    if (response.outcome === 'ignored') this.#counts.ignored += 1;
    if (response.outcome !== 'failed') return;
    this.#counts.failed += 1;
    const unlogged = this.#lostEvents.next(`${worker.name}/${ids.callId}/${kindOf(response.error)}`);
    if (unlogged === undefined) return;
    log.error(`worker ${worker.name} lost an event of call ${ids.callId}:`, stackOf(response.error), {
      ...ids,
      worker: worker.name,
      unlogged,
      ...this.#counts,
    });
  }
}

function byName(workers: readonly Worker[]): ReadonlyMap<string, Worker> {
  const named = new Map<string, Worker>();
  for (const worker of workers) {
    const { name } = worker;
    if (named.has(name))
      throw new WorkerDefinitionError(`two workers have the name "${name}", and calls could reach only one`);
    named.set(name, worker);
  }
  return named;
}

/** Abuse protection. Web PubSub validates a URL template under the name `validate`, so every name gets an answer. */
function allow(request: Request, endpointHost: string): Response {
  const origin = allowedOrigin(request.headers.get('WebHook-Request-Origin'), endpointHost);
  if (origin === undefined) {
    throw new WebhookRefusal(400, 'WebHook-Request-Origin must be the host of WEB_PUBSUB_CONNECTION_STRING');
  }
  return new Response(null, { status: 200, headers: { 'WebHook-Allowed-Origin': origin } });
}

/** Checks the signature before anything else of the request counts. */
function checkCaller(request: Request, accessKeys: readonly string[]): { connectionId: string } {
  const connectionId = header(request, 'ce-connectionId');
  if (!isSigned(request.headers.get('ce-signature'), connectionId, accessKeys)) {
    throw new WebhookRefusal(401, 'ce-signature is missing or not made with a key of our Web PubSub');
  }
  if (header(request, 'ce-hub').toLowerCase() !== HUB) {
    throw new WebhookRefusal(400, `events of another hub than ${HUB} are not for this app`);
  }
  if (!header(request, 'ce-type').startsWith(USER_EVENT)) {
    throw new WebhookRefusal(400, 'not supported: system events; only user events are handled here');
  }
  return { connectionId };
}

function callIdOf(request: Request): string {
  const callId = header(request, 'ce-userId');
  if (!CALL_ID_PATTERN.test(callId))
    throw new WebhookRefusal(400, 'the user id (ce-userId) must be a call id');
  return callId;
}

function header(request: Request, name: string): string {
  const value = request.headers.get(name);
  if (value === null || value === '') throw new WebhookRefusal(400, `the header ${name} is missing`);
  return value;
}

function toHttp({ status, message, connectionState }: LaneResponse): Response {
  const headers = new Headers();
  if (connectionState !== undefined) headers.set('ce-connectionState', connectionState);
  if (message === undefined) return new Response(null, { status, headers });
  headers.set('content-type', message.contentType);
  return new Response(message.body, { status, headers });
}
