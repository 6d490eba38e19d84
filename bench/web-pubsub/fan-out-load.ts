/** The clients of the fan-out measurement as a process of its own. */
import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { SignJWT } from 'jose';
import {
  bytesTag,
  numberTag,
  Writer,
} from '../../local/emulators/web-pubsub/client-protocol/protobuf-wire.ts';
import { waitedForCoreMs } from '../common/core-wait.ts';
import type { Failed } from '../common/pinned-process.ts';
import type { Connect, Connected, LoadRequest, Measured, Measuring, Variant } from './fan-out-messages.ts';
import { clientFrame, LoadClient } from './load-client.ts';

const HUB = 'bench';
/** Connections that are opened at the same time. */
const OPENING = 50;
/** How often the paced load sends what is due. */
const PACE_MS = 2;
/** Latencies that are kept of one measurement. */
const SAMPLES_MAX = 1_000_000;

const SUBPROTOCOLS: Readonly<Record<Variant, string>> = {
  bare: '',
  raw: '',
  protobuf: 'protobuf.webpubsub.azure.v1',
  json: 'json.webpubsub.azure.v1',
};

const clients: LoadClient[] = [];

process.on('message', (request: LoadRequest) => {
  handle(request).catch((error: unknown) => {
    process.send?.({ type: 'failed', message: String(error) } satisfies Failed);
  });
});
process.once('disconnect', () => process.exit(0));

async function handle(request: LoadRequest): Promise<void> {
  switch (request.type) {
    case 'connect':
      await connectAll(request);
      process.send?.({ type: 'connected' } satisfies Connected);
      return;
    case 'saturate':
      process.send?.(await saturate(request.window, request.warmUpMs, request.measureMs));
      return;
    case 'pace':
      process.send?.(await pace(request.messagesPerSecond, request.warmUpMs, request.measureMs));
      return;
  }
}

async function connectAll(request: Connect): Promise<void> {
  for (let first = 0; first < request.pairs; first += OPENING) {
    const opening = Array.from({ length: Math.min(OPENING, request.pairs - first) }, (_, i) =>
      openPair(request, first + i),
    );
    for (const pair of await Promise.all(opening)) clients.push(...pair);
  }
}

async function openPair(request: Connect, pair: number): Promise<LoadClient[]> {
  const { variant, port } = request;
  const group = `pair.${String(pair).padStart(4, '0')}`;
  const frame = frameOf(variant, group, randomBytes(request.payloadBytes));
  const path = await pathOf(request, group);
  // Raw clients and those of the bare relay are greeted with nothing.
  const greetings = variant === 'protobuf' || variant === 'json' ? 1 : 0;
  const open = (): Promise<LoadClient> =>
    LoadClient.open(port, path, SUBPROTOCOLS[variant], frame, greetings);
  const [one, two] = [await open(), await open()];
  one.peer = two;
  two.peer = one;
  return [one, two];
}

async function pathOf({ variant, port, accessKey }: Connect, group: string): Promise<string> {
  if (accessKey === undefined) return `/?pair=${group}`;
  const token = await new SignJWT({ role: 'webpubsub.sendToGroup', 'webpubsub.group': group })
    .setProtectedHeader({ alg: 'HS256' })
    .setAudience(`http://127.0.0.1:${port}/client/hubs/${HUB}`)
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(accessKey));
  const mode = variant === 'raw' ? `&webpubsub_mode=sendToGroup&noEcho=true&group=${group}` : '';
  return `/client/hubs/${HUB}?access_token=${token}${mode}`;
}

function frameOf(variant: Variant, group: string, payload: Buffer): Buffer {
  switch (variant) {
    case 'bare':
    case 'raw':
      return clientFrame(payload, true);
    case 'protobuf': {
      const message = Writer.create().uint32(bytesTag(1)).fork();
      message.uint32(bytesTag(1)).string(group);
      message.uint32(bytesTag(3)).fork().uint32(bytesTag(2)).bytes(payload).ldelim();
      message.uint32(numberTag(4)).bool(true).ldelim();
      return clientFrame(message.finish(), true);
    }
    case 'json': {
      const message = {
        type: 'sendToGroup',
        group,
        noEcho: true,
        dataType: 'binary',
        data: payload.toString('base64'),
      };
      return clientFrame(Buffer.from(JSON.stringify(message)), false);
    }
  }
}

async function saturate(window: number, warmUpMs: number, measureMs: number): Promise<Measured> {
  const account = new Account();
  let running = true;
  for (const client of clients) {
    client.onMessage = (latencyMs) => {
      account.add(latencyMs);
      if (running) client.send();
    };
  }
  for (const client of clients) for (let i = 0; i < window; i += 1) client.send();
  const measured = await account.over(warmUpMs, measureMs);
  running = false;
  await settled(account);
  return measured;
}

async function pace(messagesPerSecond: number, warmUpMs: number, measureMs: number): Promise<Measured> {
  const account = new Account();
  for (const client of clients) client.onMessage = (latencyMs) => account.add(latencyMs);
  const startMs = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startMs) * messagesPerSecond) / 1_000);
    for (; sent < due; sent += 1) clients[sent % clients.length]?.send();
  }, PACE_MS);
  const measured = await account.over(warmUpMs, measureMs);
  clearInterval(timer);
  await settled(account);
  return measured;
}

/** Waits until nothing arrives any more, so that the next measurement starts with no message under way. */
async function settled(account: Account): Promise<void> {
  for (let before = -1; before !== account.total; ) {
    before = account.total;
    await sleep(200);
  }
}

/** Counts what arrives between two moments; tells the parent about both, so that it can look at the server. */
class Account {
  total = 0;
  #counting = false;
  #messages = 0;
  readonly #latencies = new Float64Array(SAMPLES_MAX);

  add(latencyMs: number): void {
    this.total += 1;
    if (!this.#counting) return;
    this.#latencies[this.#messages % SAMPLES_MAX] = latencyMs;
    this.#messages += 1;
  }

  async over(warmUpMs: number, measureMs: number): Promise<Measured> {
    await sleep(warmUpMs);
    process.send?.({ type: 'measuring' } satisfies Measuring);
    const cpu = process.cpuUsage();
    const waitedBefore = waitedForCoreMs();
    const startMs = performance.now();
    this.#counting = true;
    await sleep(measureMs);
    this.#counting = false;
    const elapsedMs = performance.now() - startMs;
    const { user, system } = process.cpuUsage(cpu);
    const waitedAfter = waitedForCoreMs();
    const sorted = this.#latencies.slice(0, Math.min(this.#messages, SAMPLES_MAX)).sort();
    const at = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return {
      type: 'measured',
      messages: this.#messages,
      elapsedMs,
      latencyMs: { p50: at(0.5), p99: at(0.99), max: at(1) },
      loadCpuShare: (user + system) / 1_000 / elapsedMs,
      loadWaitedShare:
        waitedBefore === undefined || waitedAfter === undefined
          ? undefined
          : (waitedAfter - waitedBefore) / elapsedMs,
    };
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
