/**
 * The way of a frame from ACS to a worker, and of the reply back to ACS. The relay runs in this process with real
 * sockets on both sides; a worker with chunks of one frame answers each with its audio, so that one frame is one
 * message each way.
 */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { startWebPubSub } from '../../local/emulators/web-pubsub/service/server.ts';
import { startRelay } from '../../relay/relay.ts';
import { HUB } from '../../shared/wire/names.ts';
import { mediaPath, sealTicket } from '../../shared/wire/signed/ticket.ts';
import { relaySettings, TICKET_KEY, WEB_PUBSUB_KEY } from '../relay/relay-settings.ts';
import { Coverage, commonTo, type Walk } from './coverage.ts';
import { type Hops, WriteStacks } from './stack.ts';

const CALL_ID = '0123456789abcdef';
const SAMPLE_RATE = 16_000;
const FRAME_BYTES = 640;
const WARM_UP_FRAMES = 60;
const ROUNDS = 8;
/** Longer than the relay's timers of a steady call take, so that none of their work is left over in a round. */
const REST_MS = 60;
const WAIT_LIMIT_MS = 5_000;

export type AudioWalk = Walk & { readonly hops: Hops };

export interface AudioWalks {
  readonly frame: AudioWalk;
  readonly reply: AudioWalk;
}

export async function walkAudio(): Promise<AudioWalks> {
  const worker = await startWorker();
  const webPubSub = await startWebPubSub({
    port: 0,
    accessKey: WEB_PUBSUB_KEY,
    hubs: { [HUB]: [{ urlTemplate: worker.url, eventPattern: '*' }] },
  });
  const relay = await startRelay(relaySettings(`http://127.0.0.1:${webPubSub.port}`));
  const coverage = await Coverage.start();
  const stacks = new WriteStacks();
  const acs = await dial(relay.url);
  try {
    acs.send(metadata());
    for (let sent = 0; sent < WARM_UP_FRAMES; sent++) {
      acs.send(frame());
      worker.answer(await worker.asked());
      await acs.heard();
    }
    const frames: AudioWalk[] = [];
    const replies: AudioWalk[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await sleep(REST_MS);
      await coverage.reset();
      acs.send(frame());
      const response = await worker.asked();
      frames.push({ ...(await coverage.take()), hops: stacks.last });
      await sleep(REST_MS);
      await coverage.reset();
      worker.answer(response);
      await acs.heard();
      replies.push({ ...(await coverage.take()), hops: stacks.last });
    }
    return { frame: shortest(frames), reply: shortest(replies) };
  } finally {
    coverage.stop();
    stacks.stop();
    acs.close();
    await relay.close();
    await webPubSub.close();
    await worker.close();
  }
}

/** What ran every time, and the way without what only some rounds do. */
function shortest(walks: readonly AudioWalk[]): AudioWalk {
  const [first] = walks.map(({ hops }) => hops).sort((a, b) => a.functions.length - b.functions.length);
  return { ...commonTo(walks), hops: first ?? { functions: [], files: [] } };
}

/** Audio that is loud enough to be speech and quiet enough to interrupt nobody: a tone of a hum. */
function frame(): string {
  const pcm = Buffer.alloc(FRAME_BYTES);
  for (let at = 0; at < FRAME_BYTES / 2; at++) pcm.writeInt16LE(Math.round(900 * Math.sin(at / 8)), at * 2);
  const audioData = { timestamp: new Date().toISOString(), data: pcm.toString('base64'), silent: false };
  return JSON.stringify({ kind: 'AudioData', audioData });
}

function metadata(): string {
  return JSON.stringify({
    kind: 'AudioMetadata',
    audioMetadata: {
      subscriptionId: 'bench',
      encoding: 'PCM',
      sampleRate: SAMPLE_RATE,
      channels: 1,
      length: FRAME_BYTES,
    },
  });
}

async function dial(url: string) {
  const ticket = await sealTicket(
    {
      callId: CALL_ID,
      from: '4:+14255550100',
      to: '4:+14255550199',
      plan: {
        format: 'pcm16KMono',
        channels: 'mixed',
        startStreaming: true,
        dtmf: true,
        workers: [{ name: 'echo', listen: { mode: 'chunk', ms: 20 } }],
      },
      expiresAtMs: Date.now() + 3_600_000,
    },
    TICKET_KEY,
    Date.now(),
  );
  const socket = new WebSocket(url.replace('http:', 'ws:') + mediaPath(CALL_ID, ticket), {
    headers: { 'x-ms-call-connection-id': '421f0b00-aaaa-bbbb-cccc-1234567890ab' },
  });
  await once(socket, 'open');
  const audio = new Mailbox<true>('audio from the relay');
  socket.on('message', (data) => {
    if (String(data).includes('AudioData')) audio.put(true);
  });
  return {
    send: (text: string) => socket.send(text),
    heard: () => audio.take(),
    close: () => socket.terminate(),
  };
}

interface Asked {
  readonly body: Buffer;
  readonly response: ServerResponse;
}

/** Takes the events of the hub; audio is answered when the test says so, everything else at once. */
async function startWorker() {
  const events = new Mailbox<Asked>('audio at the worker');
  const server = createServer((request, response) => {
    if (request.method === 'OPTIONS') {
      response.writeHead(200, { 'webhook-allowed-origin': '*' }).end();
      return;
    }
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (request.headers['content-type'] === 'application/octet-stream')
        events.put({ body: Buffer.concat(parts), response });
      else response.writeHead(204).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/workers/{event}`,
    asked: () => events.take(),
    answer: ({ body, response }: Asked) =>
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(body),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Hands things over in the order in which they came, to one taker at a time. */
class Mailbox<T> {
  readonly #what: string;
  readonly #items: T[] = [];
  #waiting: ((item: T) => void) | undefined;

  constructor(what: string) {
    this.#what = what;
  }

  put(item: T): void {
    if (this.#waiting === undefined) this.#items.push(item);
    else this.#waiting(item);
    this.#waiting = undefined;
  }

  async take(): Promise<T> {
    const item = this.#items.shift();
    if (item !== undefined) return item;
    const { promise, resolve } = Promise.withResolvers<T>();
    this.#waiting = resolve;
    const limit = AbortSignal.timeout(WAIT_LIMIT_MS);
    const late = once(limit, 'abort').then(() => {
      throw new Error(`no ${this.#what} within ${WAIT_LIMIT_MS} ms`);
    });
    return await Promise.race([promise, late]);
  }
}
