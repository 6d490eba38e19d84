import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** Key and certificate, PEM. */
export interface TlsIdentity {
  readonly key: string;
  readonly cert: string;
}

export interface Listening {
  readonly server: Server;
  readonly url: string;
  /** Ends all connections. */
  stop(): Promise<void>;
}

/** Idle connections are kept this long, so that clients are the ones who close them: a request that meets a closing connection has no answer. */
const KEEP_ALIVE_MS = 120_000;

/** A server that answers nothing yet. @throws Error when the port cannot be taken */
export async function listen(host: string, port: number, tls: TlsIdentity | undefined): Promise<Listening> {
  const server = tls === undefined ? createServer() : createTlsServer(tls);
  server.keepAliveTimeout = KEEP_ALIVE_MS;
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
