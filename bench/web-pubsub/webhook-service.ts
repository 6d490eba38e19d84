/** The process that is measured: the Web PubSub emulator, its events going to the handler in the load. */
import { startWebPubSub } from '../../local/emulators/web-pubsub/service/server.ts';
import type { Failed } from '../common/pinned-process.ts';
import type { Listening, ServiceRequest, Usage } from './webhook-messages.ts';

let since = { ms: performance.now(), cpu: process.cpuUsage() };

async function answer(request: ServiceRequest): Promise<Listening | Usage | undefined> {
  switch (request.type) {
    case 'start': {
      const handlers = [{ urlTemplate: `${request.handlerUrl}/{event}`, eventPattern: '*' }];
      const { url } = await startWebPubSub({ port: 0, hubs: { bench: handlers } });
      return { type: 'listening', url };
    }
    case 'reset':
      since = { ms: performance.now(), cpu: process.cpuUsage() };
      return undefined;
    case 'usage': {
      const { user, system } = process.cpuUsage(since.cpu);
      return { type: 'usage', cpuMs: (user + system) / 1_000, elapsedMs: performance.now() - since.ms };
    }
  }
}

process.on('message', (request: ServiceRequest) => {
  answer(request).then(
    (message) => message !== undefined && process.send?.(message),
    (error: unknown) => process.send?.({ type: 'failed', message: String(error) } satisfies Failed),
  );
});
process.once('disconnect', () => process.exit(0));
