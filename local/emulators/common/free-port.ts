import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

const HOST = '127.0.0.1';

/** From `first` to below `last`. */
interface PortRange {
  readonly first: number;
  readonly last: number;
}

/**
 * Ports below those that operating systems hand out by themselves (from 32768 on Linux, 49152 elsewhere): a port in
 * that range that is free now may be the near end of somebody's connection a moment later.
 */
const FREE_PORT_RANGE: PortRange = { first: 12_000, last: 32_000 };
const ATTEMPTS = 200;

/**
 * A port of the loopback address that nobody listens on, for servers that must know each other's addresses before they
 * start, and for those that are to start again where they were. It belongs to the process that asked until that process
 * ends: nobody is given it again, here or in another process, whether somebody listens on it at the time or not.
 * @throws Error where no port of the range is free
 */
export async function freePort(range = FREE_PORT_RANGE): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(range.first, range.last);
    if (await claim(port)) return port;
  }
  throw new Error('there are not enough free ports on this machine');
}

/**
 * Claims are bound UDP sockets of the same number, in which the system itself admits one process alone, and which end
 * with the process however it ends. They disturb no server, as TCP has numbers of its own.
 */
async function claim(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    socket.bind({ port, address: HOST, exclusive: true });
    await once(socket, 'listening');
    if (await isFree(port)) {
      socket.unref();
      return true;
    }
  } catch {
    // Somebody else has claimed it.
  }
  socket.close();
  return false;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, HOST);
    await once(server, 'listening');
    await once(server.close(), 'close');
    return true;
  } catch {
    return false;
  }
}
