/** A relay, the Web PubSub emulator, and replicas of a resident worker behind what stands for a load balancer. */
import { createServer } from 'node:http';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import {
  type ResidentServer,
  startResidentServer,
} from '../../../../../functions/workers/hosts/resident/server.ts';
import type { Worker } from '../../../../../functions/workers/kit/worker.ts';
import { startWebPubSub } from '../../../../../local/emulators/web-pubsub/service/server.ts';
import type { Relay } from '../../../../../relay/relay.ts';
import { webPubSubLanes } from '../../../../../relay/web-pubsub/web-pubsub-lane.ts';
import { type Clock, systemClock } from '../../../../../shared/base/clock.ts';
import type { CallPlan } from '../../../../../shared/call/plan.ts';
import { HUB } from '../../../../../shared/wire/names.ts';
import { audioMetadata } from '../../../../relay/listen/acs-messages.ts';
import {
  type AcsStream,
  dial,
  mediaUrl,
  relayConfig,
  startRelayFixtureOf,
  ticketFor,
} from '../../../../relay/relay-fixture.ts';
import { PLAN } from '../../../../support/calls.ts';
import { listenOnLoopback } from '../../../../support/loopback.ts';

const CONTROL_TOKEN = 'a control token of the test';
const silent = pino({ level: 'silent' });

export async function residentFixture(worker: Worker, replicas = 1) {
  let target = 0;
  const servers: ResidentServer[] = [];
  const balancer = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      void (async () => {
        const headers = Object.entries(request.headers).flatMap(([name, value]) =>
          typeof value === 'string' && !['host', 'connection', 'content-length'].includes(name)
            ? [[name, value] as [string, string]]
            : [],
        );
        const body = parts.length === 0 ? {} : { body: Buffer.concat(parts) };
        const method = request.method ?? 'POST';
        const url = `${servers[target]?.url}${request.url}`;
        const answer = await fetch(url, { method, headers, ...body });
        response.writeHead(answer.status, Object.fromEntries(answer.headers));
        response.end(Buffer.from(await answer.arrayBuffer()));
      })().catch(() => response.destroy());
    });
  });
  const port = await listenOnLoopback(balancer);
  onTestFinished(() => {
    balancer.close();
    balancer.closeAllConnections();
  });
  const urlTemplate = `http://127.0.0.1:${port}/api/workers/{event}`;
  const service = await startWebPubSub({
    port: 0,
    hubs: { [HUB]: [{ urlTemplate, eventPattern: worker.name }] },
    controlToken: CONTROL_TOKEN,
    limits: { handlerRetryDelaysMs: [10, 10, 10] },
  });
  onTestFinished(async () => {
    for (const server of servers) await server.close();
    await service.close();
  });
  const webPubSub = {
    connectionString: service.connectionString,
    endpoint: service.url,
    endpointHost: '127.0.0.1',
    accessKey: service.accessKey,
    accessKeys: [service.accessKey],
  };
  for (let i = 0; i < replicas; i += 1) {
    servers.push(
      await startResidentServer({
        workers: [worker],
        config: { webPubSub },
        host: '127.0.0.1',
        port: 0,
        log: silent,
      }),
    );
  }
  return {
    servers,
    service,
    /** The replica to which calls go from now on. */
    route(replica: number) {
      target = replica;
    },
    async call(clock: Clock = systemClock) {
      const config = relayConfig({ webPubSub });
      const running = await startRelayFixtureOf(config, {
        clock,
        openConnection: webPubSubLanes({ access: webPubSub, clock: systemClock, log: silent }),
      });
      return { running, acs: await this.stream(running) };
    },
    /** Another stream of the call at the same relay. */
    async stream(running: Relay): Promise<AcsStream> {
      const plan: CallPlan = {
        ...PLAN,
        dtmf: true,
        // An echo would be interrupted by what it says back.
        workers: [{ name: worker.name, listen: { mode: 'stream' }, bargeIn: { policy: 'never' } }],
      };
      const ticket = await ticketFor({ plan, controlUrl: 'https://control.example' });
      const acs = await dial(mediaUrl(running, ticket));
      acs.send(audioMetadata());
      return acs;
    },
    async control(action: 'drop' | 'service-reload', selection: object): Promise<void> {
      await fetch(`${service.url}/control/${action}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${CONTROL_TOKEN}` },
        body: JSON.stringify(selection),
      });
    },
  };
}
