/** Where a scenario sends the transcripts of its calls. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

/** What a route of a scenario writes instead of an address. */
const HERE = 'here';

interface Transcripts {
  /** With the address of the receiver for `transcription: { url: here }`. */
  readonly routes: readonly object[];
  close(): void;
}

/** Receives the transcripts that these routes send here, and drops them: the emulator reports what it has sent. */
export async function receiveTranscripts(routes: readonly object[]): Promise<Transcripts> {
  if (!routes.some(isHere)) return { routes, close: () => {} };
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket) => socket.on('error', () => {}).resume());
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    routes: routesWithTranscripts(routes, url),
    close: () => {
      for (const socket of server.clients) socket.terminate();
      server.close();
    },
  };
}

/** The same routes, with this address for `transcription: { url: here }`. */
export function routesWithTranscripts(routes: readonly object[], url: string): object[] {
  return routes.map((route) =>
    isHere(route) ? { ...route, transcription: { ...transcriptionOf(route), url } } : route,
  );
}

function isHere(route: object): boolean {
  return transcriptionOf(route)?.['url'] === HERE;
}

function transcriptionOf(route: {
  readonly transcription?: unknown;
}): Readonly<Record<string, unknown>> | undefined {
  const { transcription } = route;
  return typeof transcription === 'object' && transcription !== null ? { ...transcription } : undefined;
}
