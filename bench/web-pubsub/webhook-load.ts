/** The load of the webhook measurement: a trivial event handler, and clients that send events. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHistogram, performance, type RecordableHistogram } from 'node:perf_hooks';
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { WebSocket } from 'ws';
import type { Failed } from '../common/pinned-process.ts';
import type { Connected, Listening, LoadRequest, Measured } from './webhook-messages.ts';

const HUB = 'bench';
const SLOW_EVENT = 'slow';
const SLOW_MS = 1_000;

const handler = createServer((request, response) => {
  if (request.method === 'OPTIONS') {
    response.setHeader('WebHook-Allowed-Origin', '*');
    response.end();
    return;
  }
  request.resume();
  request.on('end', () => {
    response.statusCode = 204;
    if (request.url === `/${SLOW_EVENT}`) setTimeout(() => response.end(), SLOW_MS);
    else response.end();
  });
});

let histogram: RecordableHistogram | undefined;

/** Sends an event for each ack. */
function run(socket: WebSocket, event: string, text: string): void {
  const start = `{"type":"event","event":"${event}","dataType":"text","data":${JSON.stringify(text)},"ackId":`;
  let ackId = 0;
  let sentMs = 0;
  const send = (): void => {
    ackId += 1;
    sentMs = performance.now();
    socket.send(`${start}${ackId}}`);
  };
  socket.on('message', (data: Buffer) => {
    if (!data.includes('"success":true')) throw new Error(`not an ack of success: ${data.toString()}`);
    if (event !== SLOW_EVENT)
      histogram?.record(Math.max(1, Math.round((performance.now() - sentMs) * 1_000)));
    send();
  });
  send();
}

async function connect({
  url,
  accessKey,
  clients,
  slowClients,
  bytes,
}: Extract<LoadRequest, { type: 'connect' }>): Promise<Connected> {
  const connectionString = `Endpoint=${url};AccessKey=${accessKey};Version=1.0;`;
  const service = new WebPubSubServiceClient(connectionString, HUB, { allowInsecureConnection: true });
  const { url: clientUrl } = await service.getClientAccessToken();
  for (let i = 0; i < clients + slowClients; i += 1) {
    const socket = new WebSocket(clientUrl, ['json.webpubsub.azure.v1'], { perMessageDeflate: false });
    // The first message says that the client is connected.
    await new Promise<void>((resolve, reject) => {
      socket.once('message', () => resolve());
      socket.once('error', reject);
    });
    run(socket, i < clients ? 'fast' : SLOW_EVENT, 'x'.repeat(bytes));
  }
  return { type: 'connected' };
}

async function measure(measureMs: number): Promise<Measured> {
  const recorded = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 });
  const startMs = performance.now();
  histogram = recorded;
  await new Promise((resolve) => setTimeout(resolve, measureMs));
  histogram = undefined;
  const elapsedMs = performance.now() - startMs;
  const { count } = recorded;
  const at = (percentile: number): number => recorded.percentile(percentile) / 1_000;
  return {
    type: 'measured',
    events: count,
    elapsedMs,
    roundTripMs: { p50: at(50), p99: at(99), max: recorded.max / 1_000 },
  };
}

process.on('message', (request: LoadRequest) => {
  const answer = request.type === 'connect' ? connect(request) : measure(request.measureMs);
  answer.then(
    (message) => process.send?.(message),
    (error: unknown) => process.send?.({ type: 'failed', message: String(error) } satisfies Failed),
  );
});
process.once('disconnect', () => process.exit(0));
handler.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${(handler.address() as AddressInfo).port}`;
  process.send?.({ type: 'listening', url } satisfies Listening);
});
