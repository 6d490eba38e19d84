/** The process of the relay: reads the settings, serves until a signal stops it, and lets its calls end in order. */
import { ConfigError } from '../shared/base/settings.ts';
import { type Relay, startRelay } from './relay.ts';
import { readRelayConfig } from './settings/relay-config.ts';

/** How long `close` may take before the process ends anyway. The relay's own limit is shorter. */
const EXIT_LIMIT_MS = 8_000;

async function main(): Promise<void> {
  let relay: Relay;
  let drainDeadlineMs: number;
  try {
    const config = readRelayConfig(process.env);
    drainDeadlineMs = config.drainDeadlineMs;
    relay = await startRelay(config);
  } catch (error) {
    process.stderr.write(`${startFailure(error)}\n`);
    process.exitCode = 1;
    process.disconnect?.();
    return;
  }
  const stop = (): void => {
    setTimeout(() => process.exit(1), EXIT_LIMIT_MS).unref();
    // Connections to Web PubSub leave timers behind, which would keep the process alive for a while.
    void relay.close().finally(() => process.exit(0));
  };
  // At the first SIGTERM the relay moves its calls to other relays; at the second it ends them.
  process.once('SIGTERM', () => {
    process.once('SIGTERM', stop);
    setTimeout(stop, drainDeadlineMs).unref();
    void relay.drain().finally(() => stop());
  });
  process.once('SIGINT', stop);
  // A process that another one forked says that it is ready, and ends with its parent.
  process.once('disconnect', stop);
  process.send?.({ type: 'ready', url: relay.url });
}

function startFailure(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  const { code, message, port } = error as NodeJS.ErrnoException & { port?: number };
  return code === 'EADDRINUSE'
    ? `The relay cannot start: port ${port} is already taken; stop what uses it, or set PORT.`
    : `The relay cannot start: ${message}`;
}

void main();
