import { createServer, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { asksForWebSocket } from '../../../shared/web-socket/handshake.ts';
import { SERVER_KEEPS_MS } from './idle-connections.ts';

/** Key and certificate, PEM. */
export interface TlsIdentity {
  readonly key: string;
  readonly cert: string;
}

interface Listening {
  readonly server: Server;
  readonly url: string;
  /** Ends all connections. */
  stop(): Promise<void>;
}

/**
 * A server that answers nothing yet. Its event `upgrade` is for WebSockets: a client may ask for any protocol, such as
 * h2c, and goes on with HTTP where the server does not have it.
 * @throws Error when the port cannot be taken
 */
export async function listen(
  host: string,
  port: number,
  tls: TlsIdentity | undefined,
  options: ServerOptions = {},
): Promise<Listening> {
  const all: ServerOptions = {
    ...options,
    shouldUpgradeCallback: ({ headers }) => server.listenerCount('upgrade') > 0 && asksForWebSocket(headers),
  };
  const server: Server = tls === undefined ? createServer(all) : createTlsServer({ ...all, ...tls });
  server.keepAliveTimeout = SERVER_KEEPS_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  const scheme = tls === undefined ? 'http' : 'https';
  const shownHost = host.includes(':') ? `[${host}]` : host;
  return {
    server,
    url: `${scheme}://${shownHost}:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
