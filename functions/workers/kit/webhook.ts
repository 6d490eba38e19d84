/** The CloudEvents webhook of Web PubSub: proves the caller, finds the worker, runs the event. */
import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import { isLoopbackHttp } from '../../../shared/base/loopback-url.ts';
import { groupPublisher, type Publish } from '../../../shared/web-pubsub/group-publisher.ts';
import { CALL_ID_PATTERN, HUB } from '../../../shared/wire/names.ts';
import type { WorkerConfig } from '../settings/worker-config.ts';
import { handleLaneEvent, type LaneRequest, type LaneResponse } from './lane-event.ts';
import { allowedOrigin, isSigned } from './webhook-caller.ts';
import type { Worker } from './worker.ts';

/** Longest event in bytes: the longest message that Web PubSub takes from a client. */
export const MAX_EVENT_BYTES = 1_048_576;

const USER_EVENT = 'azure.webpubsub.user.';

/** What happened in this process since it started, for the log. */
export interface WebhookCounts {
  readonly events: number;
  readonly ignored: number;
  readonly failed: number;
  readonly refused: number;
}

/** A request that is not answered by a worker. The sentence goes to the caller and tells nothing that is secret. */
class Refusal extends Error {
  readonly status: 400 | 401 | 404 | 413;
  constructor(status: Refusal['status'], message: string) {
    super(message);
    this.status = status;
  }
}

/** What becomes of an event. Never throws. */
export type RunEvent = (worker: Worker, request: LaneRequest) => Promise<LaneResponse>;

export class WorkerWebhook {
  readonly #workers: ReadonlyMap<string, Worker>;
  readonly #readConfig: () => WorkerConfig;
  readonly #run: RunEvent;
  #publish: Publish | undefined;
  #counts = { events: 0, ignored: 0, failed: 0, refused: 0 };

  /**
   * @param run what becomes of an event; by default the worker handles it
   * @param readConfig called with each request, so that a wrong setting fails requests and not the load of the app
   */
  constructor(
    workers: readonly Worker[],
    readConfig: () => WorkerConfig,
    run: RunEvent = (worker, request) =>
      handleLaneEvent(worker, request, (group, message) => this.#publisher()(group, message)),
  ) {
    this.#run = run;
    this.#workers = new Map(workers.map((worker) => [worker.name, worker]));
    this.#readConfig = readConfig;
  }

  get counts(): WebhookCounts {
    return { ...this.#counts };
  }

  /** Answers every request; only a wrong configuration throws (500, and the log says which setting). */
  async handle(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
    const { webPubSub } = this.#readConfig();
    try {
      if (request.method === 'OPTIONS') return allow(request, webPubSub.endpointHost);
      const { connectionId } = checkCaller(request, webPubSub.accessKeys);
      const worker = this.#findWorker(request);
      const callId = callIdOf(request);
      const body = await readBody(request);
      const response = await this.#run(worker, {
        callId,
        contentType: request.headers.get('content-type') ?? '',
        body,
        connectionId,
        connectionState: request.headers.get('ce-connectionState') ?? undefined,
        traceparent: context.traceContext?.traceParent,
      });
      this.#count(response, worker, { callId, connectionId }, context);
      return toHttp(response);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#counts.refused += 1;
      context.warn(`webhook call refused with ${error.status}: ${error.message}`, { ...this.#counts });
      return { status: error.status, body: error.message };
    }
  }

  /** Made when a worker first plays something: most never do. */
  #publisher(): Publish {
    if (this.#publish === undefined) {
      const { connectionString, endpoint } = this.#readConfig().webPubSub;
      this.#publish = groupPublisher({ connectionString, isLoopback: isLoopbackHttp(endpoint) });
    }
    return this.#publish;
  }

  #findWorker(request: HttpRequest): Worker {
    const { name } = request.params;
    if (header(request, 'ce-eventName') !== name) {
      throw new Refusal(400, 'the event name (ce-eventName) must be the last part of the path');
    }
    const worker = this.#workers.get(name);
    if (worker === undefined) throw new Refusal(404, 'there is no worker of this name in this app');
    return worker;
  }

  #count(
    response: LaneResponse,
    worker: Worker,
    ids: { callId: string; connectionId: string },
    context: InvocationContext,
  ): void {
    this.#counts.events += 1;
    if (response.outcome === 'ignored') this.#counts.ignored += 1;
    if (response.outcome !== 'failed') return;
    this.#counts.failed += 1;
    context.error(`worker ${worker.name} lost an event of call ${ids.callId}:`, response.error, {
      ...ids,
      worker: worker.name,
      ...this.#counts,
    });
  }
}

/** Abuse protection. Validation of a whole URL template asks under the name `validate`, so any name is answered. */
function allow(request: HttpRequest, endpointHost: string): HttpResponseInit {
  const origin = allowedOrigin(request.headers.get('WebHook-Request-Origin'), endpointHost);
  if (origin === undefined) {
    throw new Refusal(400, 'WebHook-Request-Origin must be the host of WEB_PUBSUB_CONNECTION_STRING');
  }
  return { status: 200, headers: { 'WebHook-Allowed-Origin': origin } };
}

/** Nothing of the request is believed before its signature. */
function checkCaller(request: HttpRequest, accessKeys: readonly string[]): { connectionId: string } {
  const connectionId = header(request, 'ce-connectionId');
  if (!isSigned(request.headers.get('ce-signature'), connectionId, accessKeys)) {
    throw new Refusal(401, 'ce-signature is missing or not made with a key of our Web PubSub');
  }
  if (header(request, 'ce-hub').toLowerCase() !== HUB) {
    throw new Refusal(400, `events of another hub than ${HUB} are not for this app`);
  }
  if (!header(request, 'ce-type').startsWith(USER_EVENT)) {
    throw new Refusal(400, 'not supported: system events; only user events are handled here');
  }
  return { connectionId };
}

function callIdOf(request: HttpRequest): string {
  const callId = header(request, 'ce-userId');
  if (!CALL_ID_PATTERN.test(callId)) throw new Refusal(400, 'the user id (ce-userId) must be a call id');
  return callId;
}

function header(request: HttpRequest, name: string): string {
  const value = request.headers.get(name);
  if (value === null || value === '') throw new Refusal(400, `the header ${name} is missing`);
  return value;
}

async function readBody(request: HttpRequest): Promise<Uint8Array> {
  if (Number(request.headers.get('content-length') ?? 0) > MAX_EVENT_BYTES) throw tooLong();
  const body = new Uint8Array(await request.arrayBuffer());
  if (body.byteLength > MAX_EVENT_BYTES) throw tooLong();
  return body;
}

function tooLong(): Refusal {
  return new Refusal(413, `an event has at most ${MAX_EVENT_BYTES} bytes`);
}

function toHttp(response: LaneResponse): HttpResponseInit {
  const headers: Record<string, string> = {};
  if (response.connectionState !== undefined) headers['ce-connectionState'] = response.connectionState;
  if (response.message === undefined) return { status: response.status, headers };
  headers['content-type'] = response.message.contentType;
  return { status: response.status, headers, body: response.message.body };
}
