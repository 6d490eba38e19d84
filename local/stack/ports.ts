import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

export const DEFAULT_PORTS = {
  control: 7071,
  worker: 7072,
  webPubSub: 8080,
  acs: 8070,
  relay: 8090,
  tables: 10_002,
} as const;

export type PartName = keyof typeof DEFAULT_PORTS;
export type Ports = Readonly<Record<PartName, number>>;

export const PART_NAMES = Object.keys(DEFAULT_PORTS) as PartName[];

/** The default ports, moved by an offset so that several systems run side by side. */
export function portsWithOffset(offset: number): Ports {
  return fromEntries(PART_NAMES.map((part) => [part, DEFAULT_PORTS[part] + offset]));
}

/**
 * Ports that nobody uses, one for each part. The parts must know each other's addresses before they start, so the ports are
 * held by listeners until all are known, and freed just before they are used.
 */
export async function freePorts(): Promise<Ports> {
  const holders = await Promise.all(PART_NAMES.map((part) => holdFreePort(part)));
  const ports = fromEntries(holders.map(({ part, port }) => [part, port]));
  await Promise.all(holders.map(async ({ server }) => once(server.close(), 'close')));
  return ports;
}

async function holdFreePort(part: PartName): Promise<{ part: PartName; server: Server; port: number }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Error('a TCP listener has an address with a port');
  return { part, server, port: address.port };
}

function fromEntries(entries: ReadonlyArray<readonly [PartName, number]>): Ports {
  return Object.fromEntries(entries) as Record<PartName, number>;
}
