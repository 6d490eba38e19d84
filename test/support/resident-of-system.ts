import { type Logger, pino } from 'pino';
import { type ResidentServer, startResidentServer } from '../../functions/workers/hosts/resident/server.ts';
import type { Worker } from '../../functions/workers/kit/worker.ts';
import type { Ports } from '../../local/run/stack/ports.ts';
import type { CalledSystem } from './system.ts';

/**
 * Settings of the emulator of Web PubSub by which the events of one worker go to its resident process, and all others
 * to the worker app.
 */
export function residentTable(
  worker: string,
  residentPort: number,
  { worker: workerPort }: Ports,
): Record<string, string> {
  const table = 'WebPubSub__Hubs__calls__EventHandlers';
  return {
    [`${table}__0__UrlTemplate`]: `http://127.0.0.1:${residentPort}/api/workers/{event}`,
    [`${table}__0__EventPattern`]: worker,
    [`${table}__1__UrlTemplate`]: `http://127.0.0.1:${workerPort}/api/workers/{event}`,
    [`${table}__1__EventPattern`]: '*',
  };
}

/** A worker that stays with its calls, in this process, for a system that is running. */
export function startResidentOf(
  { system, secrets }: CalledSystem,
  worker: Worker,
  port: number,
  log: Logger = pino({ level: 'silent' }),
): Promise<ResidentServer> {
  const endpoint = system.urls.webPubSub;
  const { webPubSubAccessKey: accessKey } = secrets;
  return startResidentServer({
    workers: [worker],
    config: {
      webPubSub: {
        connectionString: `Endpoint=${endpoint};AccessKey=${accessKey};Version=1.0;`,
        endpoint,
        endpointHost: '127.0.0.1',
        accessKeys: [accessKey],
      },
    },
    host: '127.0.0.1',
    port,
    log,
  });
}
