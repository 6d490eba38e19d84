/**
 * What a worker's state is worth when Web PubSub delivers an event more than once: the product's webhook behind the
 * emulator.
 */
import { createServer } from 'node:http';
import { WebPubSubClient } from '@azure/web-pubsub-client';
import { expect, it, onTestFinished } from 'vitest';
import { defineWorker } from '../../../../functions/workers/kit/define-worker.ts';
import { WorkerWebhook } from '../../../../functions/workers/kit/webhook.ts';
import { startWebPubSub } from '../../../../local/emulators/web-pubsub/service/server.ts';
import { formatRtp, PAYLOAD_TYPE, parseRtp } from '../../../../shared/wire/lane/rtp.ts';
import { HUB } from '../../../../shared/wire/names.ts';
import { clientToken } from '../../../local/emulators/web-pubsub/raw-client.ts';
import { listenOnLoopback } from '../../../support/loopback.ts';
import { protobufProtocol } from '../../../support/sdk-protobuf-protocol.ts';

const CALL_ID = '0123456789abcdef';

/** Says how many chunks it has heard, by its own count. */
function counting() {
  let runs = 0;
  const worker = defineWorker({
    name: 'counter',
    listen: { mode: 'chunk', ms: 20 },
    initialState: () => ({ heard: 0 }),
    onAudio: (_chunk, _call, state) => {
      runs += 1;
      state.heard += 1;
      return Int16Array.of(state.heard);
    },
  });
  return { worker, runs: () => runs };
}

/** The worker app over HTTP. Of every event, the answers of the first `lost` attempts do not reach Web PubSub. */
async function workerApp(webhook: WorkerWebhook, lost: (event: number) => number): Promise<string> {
  const attempts = new Map<string, number>();
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      void (async () => {
        const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [
          name,
          String(value),
        ]);
        const answer = await webhook.handle(
          new Request(`http://127.0.0.1${request.url}`, {
            method: request.method ?? '',
            headers,
            ...(parts.length === 0 ? {} : { body: Buffer.concat(parts) }),
          }),
          { log: { warn: () => {}, error: () => {} } },
        );
        const id = String(request.headers['ce-id']);
        const attempt = (attempts.get(id) ?? 0) + 1;
        attempts.set(id, attempt);
        if (request.method === 'POST' && attempt <= lost(Number(id))) {
          if (attempt % 2 === 1) response.destroy();
          else response.writeHead(503).end();
          return;
        }
        response.writeHead(answer.status, Object.fromEntries(answer.headers));
        response.end(Buffer.from(await answer.arrayBuffer()));
      })();
    });
  });
  const port = await listenOnLoopback(server);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${port}`;
}

it('does not advance a state twice when an event whose answer got lost is delivered again', async () => {
  const { worker, runs } = counting();
  let accessKey = '';
  const webhook = new WorkerWebhook({
    workers: [worker],
    service: () => ({ endpointHost: '127.0.0.1', accessKeys: [accessKey] }),
  });
  // Event 1 is `connected`; of the chunks after it every second one is answered in vain once, twice or three times.
  const app = await workerApp(webhook, (event) => (event % 2 === 0 ? (event % 3) + 1 : 0));
  const service = await startWebPubSub({
    port: 0,
    hubs: { [HUB]: [{ urlTemplate: `${app}/api/workers/{event}`, eventPattern: '*' }] },
    limits: { handlerRetryDelaysMs: [5, 5, 5] },
  });
  accessKey = service.accessKey;
  onTestFinished(() => service.close());
  const token = await clientToken(service, { sub: CALL_ID }, { hub: HUB });
  const url = `${service.url.replace('http', 'ws')}/client/hubs/${HUB}?access_token=${token}`;
  const client = new WebPubSubClient(url, {
    protocol: protobufProtocol('reliable'),
    autoReconnect: false,
    messageRetryOptions: { maxRetries: 0 },
  });
  onTestFinished(() => client.stop());
  const counts: number[] = [];
  client.on('server-message', ({ message }) => {
    const { payload } = parseRtp(message.data as Uint8Array);
    counts.push(Buffer.from(payload).readInt16LE());
  });
  await client.start();
  const chunks = 12;
  for (let i = 0; i < chunks; i += 1) {
    const packet = formatRtp({
      payloadType: PAYLOAD_TYPE.pcm16KMono,
      marker: i === 0,
      sequenceNumber: i,
      timestamp: i * 320,
      ssrc: 0,
      payload: new Uint8Array(640),
    });
    await client.sendEvent('counter', packet, 'binary', { ackId: i + 1 });
    // What the relay does with a chunk whose ack a dropped connection took with it.
    if (i % 4 === 3) {
      expect(await client.sendEvent('counter', packet, 'binary', { ackId: i + 1 })).toMatchObject({
        isDuplicated: true,
      });
    }
  }
  expect(runs(), 'the handler did run more often than there are chunks').toBeGreaterThan(chunks);
  expect(counts, 'one reply for each chunk, counted without a gap').toEqual(
    Array.from({ length: chunks }, (_, i) => i + 1),
  );
});
