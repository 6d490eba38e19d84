/** Runs workers in Azure Functions: translates between its requests and the web-standard ones of the webhook. */
import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import { isLoopbackHttp } from '../../../../shared/base/loopback-url.ts';
import { RareLines } from '../../../../shared/base/rare-lines.ts';
import { groupPublisher, type Publish } from '../../../../shared/web-pubsub/group-publisher.ts';
import { handleLaneEvent } from '../../kit/lane-event.ts';
import type { Listen } from '../../kit/running-handler.ts';
import { LOST_EVENT_LINE_MS, type WebhookLog, WorkerWebhook } from '../../kit/webhook.ts';
import type { Worker } from '../../kit/worker.ts';
import { adviceOn, isControlApp, readWorkerConfig, type WorkerConfig } from '../../settings/worker-config.ts';
import { handlerListener } from './handler-listener.ts';

/**
 * Registers the functions of the worker app.
 *
 * - `POST|OPTIONS /api/workers/{name}`: the webhook of Web PubSub. Anonymous to the platform, since Web PubSub proves
 *   itself by signature; a key in the hub's URL would prove less.
 * - `GET /api/workers`: the workers and how they listen, with a function key.
 */
export function registerWorkers(workers: readonly Worker[]): void {
  const config = once(() => readWorkerConfig(process.env));
  const publisher = once(() => publisherOf(config()));
  const publish: Publish = (group, message) => publisher()(group, message);
  const listener = once(() => handlerListener(config().webPubSub));
  const late = new RareLines(LOST_EVENT_LINE_MS, () => performance.now());
  let isAdvised = false;
  const advise = (log: WebhookLog): void => {
    const advice = isAdvised ? undefined : adviceOn(config());
    isAdvised = true;
    if (advice !== undefined) log.warn(advice, {});
  };
  const webhook = new WorkerWebhook({
    workers,
    service: () => config().webPubSub,
    handle: (worker, request, log) => {
      advise(log);
      const listen: Listen = (target, heard) => listener()(log)(target, heard);
      const { callId } = request;
      const onLate = ({ message }: Error): void => {
        const unlogged = late.next(`${worker.name}/${callId}`);
        if (unlogged !== undefined)
          log.warn(`worker ${worker.name} is not heard: ${message}`, { callId, unlogged });
      };
      return handleLaneEvent(worker, request, {
        publish,
        listen,
        onLate,
        isControlApp: (url) => isControlApp(config(), url),
      });
    },
  });
  app.http('workerEvents', {
    route: 'workers/{name}',
    methods: ['POST', 'OPTIONS'],
    authLevel: 'anonymous',
    handler: (request, context) => answer(webhook, request, context),
  });
  app.http('workers', {
    route: 'workers',
    methods: ['GET'],
    authLevel: 'function',
    handler: () => ({ jsonBody: workers.map(({ name, listen }) => ({ name, listen })) }),
  });
}

async function answer(
  webhook: WorkerWebhook,
  { url, method, headers, body }: HttpRequest,
  context: InvocationContext,
): Promise<HttpResponseInit> {
  const request = new Request(url, { method, headers, body: body as ReadableStream | null, duplex: 'half' });
  const response = await webhook.handle(request, {
    log: context,
    traceparent: context.traceContext?.traceParent,
  });
  return {
    status: response.status,
    headers: response.headers,
    body: response.body as HttpResponseInit['body'],
  };
}

function publisherOf({ webPubSub: { connectionString, endpoint } }: WorkerConfig): Publish {
  return groupPublisher({ connectionString, isLoopback: isLoopbackHttp(endpoint) });
}

/**
 * Makes a value at its first use and keeps it, or its error: the settings that it is made of stay the same until the
 * process starts again, and anybody can ask for it.
 */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | { readonly error: unknown } | undefined;
  return () => {
    made ??= attempt(make);
    if ('error' in made) throw made.error;
    return made.value;
  };
}

function attempt<T>(make: () => T): { readonly value: T } | { readonly error: unknown } {
  try {
    return { value: make() };
  } catch (error) {
    return { error };
  }
}
