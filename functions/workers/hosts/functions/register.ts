import { app } from '@azure/functions';
import { WorkerWebhook } from '../../kit/webhook.ts';
import type { Worker } from '../../kit/worker.ts';
import { readWorkerConfig, type WorkerConfig } from '../../settings/worker-config.ts';

/**
 * Registers the functions of the worker app.
 *
 * - `POST|OPTIONS /api/workers/{name}`: the webhook of Web PubSub. Anonymous to the platform, since Web PubSub proves
 *   itself by signature; a key in the hub's URL would prove less.
 * - `GET /api/workers`: the workers and how they listen, with a function key.
 */
export function registerWorkers(workers: readonly Worker[]): void {
  const webhook = new WorkerWebhook(workers, configReader());
  app.http('workerEvents', {
    route: 'workers/{name}',
    methods: ['POST', 'OPTIONS'],
    authLevel: 'anonymous',
    handler: (request, context) => webhook.handle(request, context),
  });
  app.http('workers', {
    route: 'workers',
    methods: ['GET'],
    authLevel: 'function',
    handler: () => ({ jsonBody: workers.map(({ name, listen }) => ({ name, listen })) }),
  });
}

/** Reads the configuration at the first use, and keeps it once it is right. */
function configReader(): () => WorkerConfig {
  let config: WorkerConfig | undefined;
  return () => {
    config ??= readWorkerConfig(process.env);
    return config;
  };
}
