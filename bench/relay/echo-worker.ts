import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A worker behind Web PubSub: audio is answered with itself, everything else with nothing. Resolves with the template
 * of its address.
 * @param count told the bytes of each body, in and out
 */
export async function startEchoWorker(count: (bytes: number) => void): Promise<string> {
  const server = createServer((request, response) => {
    if (request.method === 'OPTIONS') {
      response.writeHead(200, { 'webhook-allowed-origin': '*' }).end();
      return;
    }
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
      count(body.byteLength);
      if (request.headers['content-type'] !== 'application/octet-stream') {
        response.writeHead(204).end();
        return;
      }
      count(body.byteLength);
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/workers/{event}`;
}
