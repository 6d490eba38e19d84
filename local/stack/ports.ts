import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

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
 * Ports below those that operating systems hand out by themselves (from 32768 on Linux, 49152 elsewhere): a port in that range
 * that is free now may be the near end of somebody's connection a moment later.
 */
const FREE_PORT_RANGE = { first: 12_000, last: 32_000 } as const;
const FREE_PORT_ATTEMPTS = 200;

/**
 * Ports that nobody uses, one for each part. The parts must know each other's addresses before they start, so each is tried and given
 * back. They are drawn at random, so that systems that start at the same time do not draw the same.
 */
export async function freePorts(): Promise<Ports> {
  const ports = new Set<number>();
  for (let attempt = 0; attempt < FREE_PORT_ATTEMPTS && ports.size < PART_NAMES.length; attempt++) {
    const port = randomInt(FREE_PORT_RANGE.first, FREE_PORT_RANGE.last);
    if (await isFree(port)) ports.add(port);
  }
  if (ports.size < PART_NAMES.length) throw new Error('there are not enough free ports on this machine');
  const drawn = [...ports];
  return fromEntries(PART_NAMES.map((part, index) => [part, drawn[index] ?? 0]));
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    await once(server.close(), 'close');
    return true;
  } catch {
    return false;
  }
}

function fromEntries(entries: ReadonlyArray<readonly [PartName, number]>): Ports {
  return Object.fromEntries(entries) as Record<PartName, number>;
}
