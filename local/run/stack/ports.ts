import { freePort } from '../../emulators/common/free-port.ts';

const DEFAULT_PORTS = {
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

/** Ports that nobody uses, one for each part: the parts must know each other's addresses before they start. */
export async function freePorts(): Promise<Ports> {
  return fromEntries(await Promise.all(PART_NAMES.map(async (part) => [part, await freePort()] as const)));
}

function fromEntries(entries: ReadonlyArray<readonly [PartName, number]>): Ports {
  return Object.fromEntries(entries) as Record<PartName, number>;
}
