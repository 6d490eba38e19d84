/**
 * The frame of every process of the local system: it starts, says that it is ready, and stops on a signal or when its
 * parent is gone. It tells a parent that forked it over IPC, and a person on the terminal.
 */
import { HelpRequest, UsageError } from '../../../shared/base/command-line.ts';
import { endWithNpm } from '../../../shared/base/end-with-npm.ts';

export interface RunningServer {
  readonly url: string;
  close(): Promise<void>;
  /** What SIGTERM does instead of closing. */
  terminate?(): void;
}

export interface ReadyMessage {
  readonly type: 'ready';
  readonly url: string;
}

/** How long a process may take to close its connections before it exits regardless. */
const CLOSE_LIMIT_MS = 3_000;

/** Exit status when the process could not start for a reason that its message names. */
const EXIT_CANNOT_START = 1;
const EXIT_USAGE = 2;

/** Starts a server, reports its address, waits for its end. A failed start ends the process with one sentence. */
export async function runServer(name: string, start: () => Promise<RunningServer>): Promise<void> {
  let server: RunningServer;
  try {
    server = await start();
  } catch (error) {
    if (error instanceof HelpRequest) process.stdout.write(error.message);
    else process.stderr.write(`${name}: ${startFailure(error)}\n`);
    process.exitCode =
      error instanceof HelpRequest ? 0 : error instanceof UsageError ? EXIT_USAGE : EXIT_CANNOT_START;
    process.disconnect?.();
    return;
  }
  let closing = false;
  const stop = (): void => {
    if (closing) return;
    closing = true;
    setTimeout(() => process.exit(0), CLOSE_LIMIT_MS).unref();
    void server
      .close()
      .catch((error: unknown) => process.stderr.write(`${name}: while closing: ${String(error)}\n`))
      .finally(() => process.exit(0));
  };
  process.on('SIGTERM', server.terminate ?? stop);
  process.once('SIGINT', stop);
  process.once('disconnect', stop);
  endWithNpm(stop);
  process.stdout.write(`${name} listens on ${server.url}\n`);
  process.send?.({ type: 'ready', url: server.url } satisfies ReadyMessage);
}

/** One sentence that says what to do about a server that cannot start. */
function startFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE')
    return `port ${port} is already taken; stop what uses it, or choose another port (--port, --port-offset)`;
  return error.message;
}
