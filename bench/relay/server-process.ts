/** The process that is measured: starts one of the servers and tells what it uses. */
import { createHistogram, PerformanceObserver, performance } from 'node:perf_hooks';
import type { Failed } from '../common/pinned-process.ts';
import type { Listening, ServerRequest, Usage } from './messages.ts';
import { startServer } from './servers.ts';

const pauses = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 });
let gcMs = 0;
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) {
    gcMs += duration;
    pauses.record(Math.max(1, Math.round(duration * 1_000)));
  }
}).observe({ entryTypes: ['gc'] });

let since = { ms: performance.now(), cpu: process.cpuUsage() };

function usage(): Usage {
  const elapsedMs = performance.now() - since.ms;
  const cpu = process.cpuUsage(since.cpu);
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    type: 'usage',
    cpuShare: (cpu.user + cpu.system) / 1_000 / elapsedMs,
    residentBytes: rss,
    heapBytes: heapUsed,
    externalBytes: external,
    gcMsPerSecond: (gcMs * 1_000) / elapsedMs,
    gcPauseMs:
      pauses.count === 0
        ? { p99: 0, max: 0 }
        : { p99: pauses.percentile(99) / 1_000, max: pauses.max / 1_000 },
  };
}

async function answer(request: ServerRequest): Promise<Listening | Usage | undefined> {
  switch (request.type) {
    case 'start':
      return {
        type: 'listening',
        url: await startServer(request.kind, request.webPubSub ?? 'http://127.0.0.1:9', request.settings),
      };
    case 'reset':
      since = { ms: performance.now(), cpu: process.cpuUsage() };
      gcMs = 0;
      pauses.reset();
      return undefined;
    case 'usage':
      return usage();
  }
}

process.on('message', (request: ServerRequest) => {
  answer(request).then(
    (message) => message !== undefined && process.send?.(message),
    (error: unknown) => process.send?.({ type: 'failed', message: String(error) } satisfies Failed),
  );
});
process.once('disconnect', () => process.exit(0));
