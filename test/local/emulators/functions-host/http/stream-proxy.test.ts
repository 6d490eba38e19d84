import { createServer } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { CLIENT_KEEPS_MS } from '../../../../../local/emulators/common/idle-connections.ts';
import type { HttpFunction } from '../../../../../local/emulators/functions-host/functions/function-index.ts';
import type { Invoker } from '../../../../../local/emulators/functions-host/functions/invoker.ts';
import { StreamProxy } from '../../../../../local/emulators/functions-host/http/stream-proxy.ts';
import { closeAtOnce, listenOnLoopback } from '../../../../support/loopback.ts';
import { until } from '../../../../support/until.ts';

it('closes an idle connection to the app long before the app does, so that no request meets a closing one', async () => {
  const app = createServer(({ headers }, response) => {
    response.setHeader('x-ms-invocation-id', String(headers['x-ms-invocation-id']));
    response.end('answered');
  });
  expect(CLIENT_KEEPS_MS * 2).toBeLessThan(app.keepAliveTimeout);
  // From here on the app itself closes none.
  app.keepAliveTimeout = 0;
  let connections = 0;
  let open = 0;
  app.on('connection', (socket) => {
    connections += 1;
    open += 1;
    socket.once('close', () => (open -= 1));
  });
  const proxy = new StreamProxy({
    invoker: { invoke: async () => ({ result: {} }) } as unknown as Invoker,
    httpUri: `http://127.0.0.1:${await listenOnLoopback(app)}`,
    bodyLimitBytes: 1_000,
    onHang: () => {},
  });
  const host = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://host');
    void proxy.serve(request, response, url, {} as HttpFunction, {});
  });
  const url = `http://127.0.0.1:${await listenOnLoopback(host)}`;
  onTestFinished(async () => {
    proxy.close();
    await closeAtOnce(host);
    await closeAtOnce(app);
  });
  expect(await (await fetch(url)).text()).toBe('answered');
  expect(connections).toBe(1);
  await until(() => open === 0, 'the host to close the idle connection');
});
