import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/**
 * The least that passes messages on with the `ws` library: whatever one client of a pair (`?pair=`) sends goes to the
 * other as it is.
 * @returns its port
 */
export async function startBareRelay(): Promise<number> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  const waiting = new Map<string, WebSocket>();
  server.on('connection', (ws, request) => {
    const pair = new URL(request.url ?? '/', 'http://relay').searchParams.get('pair') ?? '';
    const other = waiting.get(pair);
    if (other === undefined) {
      waiting.set(pair, ws);
      return;
    }
    waiting.delete(pair);
    ws.on('message', (data: Buffer, binary) => other.send(data, { binary }));
    other.on('message', (data: Buffer, binary) => ws.send(data, { binary }));
  });
  await new Promise((resolve) => server.once('listening', resolve));
  return (server.address() as AddressInfo).port;
}
