import { connect, createServer, type Socket } from 'node:net';
import { listenOnLoopback } from '../../../support/loopback.ts';
import type { Resources } from './service.ts';

/** A TCP connection that can be cut in the middle, without any closing handshake above it. */
export interface TcpProxy {
  readonly url: string;
  /** Cuts every connection that is open now. */
  cut(): void;
  /** Passes nothing on any more from connections that are open now, and reads nothing from them. */
  stall(): void;
  /** While refusing, new connections are cut at once. */
  refuse(refusing: boolean): void;
  /** Connections that were cut at once. */
  readonly refused: number;
}

export async function startTcpProxy(resources: Resources, targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let refusing = false;
  let refused = 0;
  const server = createServer((client) => {
    if (refusing) {
      refused += 1;
      client.destroy();
      return;
    }
    const target = connect(targetPort, '127.0.0.1');
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  const port = await listenOnLoopback(server);
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  resources.add(server, async () => {
    cut();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    stall() {
      for (const socket of sockets) socket.unpipe().pause();
    },
    url: `http://127.0.0.1:${port}`,
    cut,
    refuse(value) {
      refusing = value;
    },
    get refused() {
      return refused;
    },
  };
}
