/**
 * The server of the fan-out measurement as a process of its own: the emulator, or a relay of the `ws` library and
 * nothing else.
 */
import { DEFAULT_ACCESS_KEY, startWebPubSub } from '../../local/emulators/web-pubsub/service/server.ts';
import { waitedForCoreMs } from '../common/core-wait.ts';
import type { Failed } from '../common/pinned-process.ts';
import { startBareRelay } from './bare-relay.ts';
import type { Listening, ServerRequest, Usage } from './fan-out-messages.ts';

async function start(bare: boolean): Promise<Listening> {
  if (bare) return { type: 'listening', port: await startBareRelay() };
  const { port } = await startWebPubSub({ port: 0 });
  return { type: 'listening', port, accessKey: DEFAULT_ACCESS_KEY };
}

function usage(collect: boolean): Usage {
  const { user, system } = process.cpuUsage();
  if (collect) globalThis.gc?.();
  return {
    type: 'usage',
    cpuMicroseconds: user + system,
    waitedMs: waitedForCoreMs(),
    memoryBytes: process.memoryUsage.rss(),
  };
}

process.on('message', (request: ServerRequest) => {
  if (request.type === 'usage') {
    process.send?.(usage(request.collect));
    return;
  }
  start(request.bare).then(
    (listening) => process.send?.(listening),
    (error: unknown) => process.send?.({ type: 'failed', message: String(error) } satisfies Failed),
  );
});
process.once('disconnect', () => process.exit(0));
