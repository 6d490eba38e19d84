import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { startLoadBalancer } from './load-balancer.ts';

const CONNECTIONS = 12;

async function backend(isReady: boolean): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/readyz' && !isReady ? 503 : 200).end(String(isReady));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

it('passes connections that come together on to the one server that is ready, and turns none away', async () => {
  const backends = [await backend(false), await backend(true)];
  const balancer = await startLoadBalancer(backends.map(({ url }) => url));
  try {
    const answers = await Promise.allSettled(
      Array.from({ length: CONNECTIONS }, async () => {
        const response = await fetch(`http://127.0.0.1:${balancer.port}/`, {
          headers: { connection: 'close' },
        });
        return await response.text();
      }),
    );
    expect(balancer.turnedAway).toBe(0);
    expect(answers).toEqual(
      Array.from({ length: CONNECTIONS }, () => ({ status: 'fulfilled', value: 'true' })),
    );
  } finally {
    await balancer.close();
    for (const { server } of backends) {
      server.closeAllConnections();
      server.close();
    }
  }
});
