/** A load balancer for a test: passes each connection on to the next server in turn that says it is ready. */
import { connect, createServer, type Socket } from 'node:net';
import { listenOnLoopback } from './loopback.ts';

/** Ends what hangs: whoever is there answers, and whoever is not refuses, at once. */
const PROBE_LIMIT_MS = 10_000;

/** Less than that is an answer or a control message, not audio. */
const AUDIO_BYTES = 1_000;

/** What was passed on over one connection. */
export interface Passage {
  /** Of the first request, without its query. */
  path: string;
  /** When it was passed on to the server. */
  readonly begunAtMs: number;
  firstAudioAtMs: number | undefined;
  lastAudioAtMs: number | undefined;
}

export interface LoadBalancer {
  /** One for each connection, in the order of their beginning. Times on the clock of `performance.now`. */
  readonly passages: readonly Passage[];
  readonly port: number;
  /** Connections that found no server ready. */
  readonly turnedAway: number;
  close(): Promise<void>;
}

/** `backends`: addresses such as `http://127.0.0.1:8090`, with `/readyz`. */
export async function startLoadBalancer(backends: readonly string[]): Promise<LoadBalancer> {
  const sockets = new Set<Socket>();
  const passages: Passage[] = [];
  let turn = 0;
  let turnedAway = 0;
  const track = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.once('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
  };
  // The turn is taken before the first probe: connections that come together would otherwise skip servers for each
  // other.
  const next = async (): Promise<URL | undefined> => {
    const first = turn++;
    for (let tried = 0; tried < backends.length; tried++) {
      const backend = backends[(first + tried) % backends.length] ?? '';
      if (await isReady(backend)) return new URL(backend);
    }
    return undefined;
  };
  const server = createServer({ pauseOnConnect: true }, (client) => {
    track(client);
    void next().then((backend) => {
      if (backend === undefined) {
        turnedAway += 1;
        client.destroy();
        return;
      }
      const upstream = track(connect(Number(backend.port), backend.hostname));
      upstream.once('close', () => client.destroy());
      client.once('close', () => upstream.destroy());
      const passage: Passage = {
        path: '',
        begunAtMs: performance.now(),
        firstAudioAtMs: undefined,
        lastAudioAtMs: undefined,
      };
      passages.push(passage);
      client.once('data', (bytes) => {
        passage.path = /^\S+ ([^? ]*)/.exec(bytes.toString('latin1'))?.[1] ?? '';
      });
      upstream.on('data', (bytes) => {
        if (bytes.byteLength < AUDIO_BYTES) return;
        passage.lastAudioAtMs = performance.now();
        passage.firstAudioAtMs ??= passage.lastAudioAtMs;
      });
      client.pipe(upstream).pipe(client);
    });
  });
  const port = await listenOnLoopback(server);
  return {
    passages,
    port,
    get turnedAway() {
      return turnedAway;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function isReady(backend: string): Promise<boolean> {
  try {
    const response = await fetch(`${backend}/readyz`, {
      signal: AbortSignal.timeout(PROBE_LIMIT_MS),
      headers: { connection: 'close' },
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
