/** The servers that are measured. Each resolves with the address to which the load connects. */
import type { AddressInfo } from 'node:net';
import { createOutboundAudioData, StreamingData } from '@azure/communication-call-automation';
import { type WebSocket, WebSocketServer } from 'ws';
import type { OpenLaneConnection } from '../../relay/lane/lane-connection.ts';
import { startRelay } from '../../relay/relay.ts';
import type { NodeServerKind } from './messages.ts';
import { relaySettings } from './relay-settings.ts';

/** @param settings of the relay, instead of those of the measurement */
export async function startServer(
  kind: NodeServerKind,
  webPubSub: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<string> {
  switch (kind) {
    case 'ws':
      return await serve((socket, message) => socket.send(message, { binary: false }));
    case 'quickstart':
      return await serve(quickstart);
    case 'relay':
      return (await startRelay(relaySettings(webPubSub, settings))).url;
    case 'relay-media':
      return (await startRelay(relaySettings(webPubSub, settings), { openConnection: loopedLane })).url;
  }
}

/** What the documentation of ACS shows for bidirectional streaming, with an echo in the place of an assistant. */
function quickstart(socket: WebSocket, message: Buffer): void {
  const data = StreamingData.parse(message.toString());
  if (data !== undefined && 'data' in data && StreamingData.getStreamingKind() === 'AudioData') {
    socket.send(createOutboundAudioData(data.data));
  }
}

/** A lane whose worker is an echo within this process. */
const loopedLane: OpenLaneConnection = (_, listener) => ({
  start: () => Promise.resolve(),
  sendAudio: (packet) =>
    queueMicrotask(() => {
      listener.message({ from: 'reply', type: 'binary', bytes: packet });
      listener.settled(true);
    }),
  sendEvent: () => queueMicrotask(() => listener.settled(true)),
  stop: () => {},
});

async function serve(answer: (socket: WebSocket, message: Buffer) => void): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  server.on('connection', (socket) => {
    socket.on('message', (message: Buffer) => answer(socket, message));
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
