/**
 * A relay whose lanes go through the Web PubSub emulator to a worker app, and a network between them that can be cut.
 */

import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { type RunningWebPubSub, startWebPubSub } from '../../../local/emulators/web-pubsub/service/server.ts';
import type { RelayConfig } from '../../../relay/settings/relay-config.ts';
import { webPubSubLanes } from '../../../relay/web-pubsub/web-pubsub-lane.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import type { CallPlan } from '../../../shared/call/plan.ts';
import { HUB } from '../../../shared/wire/names.ts';
import { Resources } from '../../local/emulators/web-pubsub/service.ts';
import { startTcpProxy, type TcpProxy } from '../../local/emulators/web-pubsub/tcp-proxy.ts';
import { PLAN } from '../../support/calls.ts';
import { audioData, audioMetadata, heardAudio } from '../listen/acs-messages.ts';
import {
  type AcsStream,
  dial,
  mediaUrl,
  relayConfig,
  startRelayFixtureOf,
  ticketFor,
} from '../relay-fixture.ts';
import { echo, type WorkerWebhook, workerWebhook } from '../worker-webhook.ts';

const CONTROL_TOKEN = 'a control token of the test';

export interface WebPubSubFixture {
  readonly webhook: WorkerWebhook;
  readonly service: RunningWebPubSub;
  readonly proxy: TcpProxy;
  readonly webPubSub: RelayConfig['webPubSub'];
}

/** The service with a worker app behind it, reached through a proxy that can cut connections. */
export async function webPubSubFixture(port = 0): Promise<WebPubSubFixture> {
  const webhook = await workerWebhook();
  webhook.respond = echo;
  const handlers = [{ urlTemplate: webhook.urlTemplate, eventPattern: '*' }];
  const service = await startWebPubSub({
    port,
    hubs: { [HUB]: handlers },
    controlToken: CONTROL_TOKEN,
    limits: { handlerRetryDelaysMs: [10, 10, 10] },
  });
  const resources = new Resources();
  const proxy = await startTcpProxy(resources, service.port);
  onTestFinished(async () => {
    await resources.dispose();
    await service.close();
  });
  const { accessKey } = service;
  const connectionString = `Endpoint=${proxy.url};AccessKey=${accessKey};Version=1.0;`;
  return { webhook, service, proxy, webPubSub: { connectionString, endpoint: proxy.url, accessKey } };
}

/** A relay on this service, which opens its lanes itself, and a call on it. */
export async function call({ webPubSub }: WebPubSubFixture, workers: readonly string[] = ['echo']) {
  const config = relayConfig({ webPubSub });
  const running = await startRelayFixtureOf(config, {
    openConnection: webPubSubLanes({
      access: config.webPubSub,
      clock: systemClock,
      log: pino({ level: 'silent' }),
    }),
  });
  const plan: CallPlan = {
    ...PLAN,
    dtmf: true,
    workers: workers.map((name) => ({ name, listen: { mode: 'chunk', ms: 100 } })),
  };
  const acs = await dial(mediaUrl(running, await ticketFor({ plan })));
  acs.send(audioMetadata());
  return { running, acs };
}

/** Audio of which no two samples are alike. */
export function speech(frames: number, from = 0): Uint8Array {
  return new Uint8Array(Uint16Array.from({ length: frames * 320 }, (_, i) => from * 320 + i + 1).buffer);
}

export function say(acs: AcsStream, pcm: Uint8Array): void {
  for (let at = 0; at < pcm.length; at += 640) acs.send(audioData(pcm.subarray(at, at + 640)));
}

export function heard(acs: AcsStream): Buffer {
  return Buffer.concat(acs.received.map((text) => heardAudio(text) ?? Buffer.alloc(0)));
}

/** Lets the service renew itself beneath the lanes of one worker. */
export async function reload(there: WebPubSubFixture, group: string): Promise<number> {
  const response = await fetch(`${there.service.url}/control/service-reload`, {
    method: 'POST',
    headers: { authorization: `Bearer ${CONTROL_TOKEN}` },
    body: JSON.stringify({ group }),
  });
  return ((await response.json()) as { connections: number }).connections;
}
