import { makeRoom } from '../../common/make-room.ts';
import { ClientTraffic, type ClientTrafficReport, Tally, type TallyReport } from './tally.ts';

/** Groups, and connections, that one hub remembers by name. The oldest goes first; its traffic still counts. */
const METERED_NAMES_MAX = 10_000;

interface HubMeterReport extends ClientTrafficReport {
  /** Events to the hub's event handlers, by the bytes of their bodies; each attempt counts. */
  readonly events: TallyReport;
  /** `messages` and `events` together: what leaves the service and is charged for. */
  readonly outbound: TallyReport;
  /** Messages that went to the members of each group. */
  readonly groups: Readonly<Record<string, TallyReport>>;
  readonly connections: Readonly<Record<string, ClientTrafficReport>>;
  /** How many names were forgotten because there were too many. */
  readonly forgotten: { readonly groups: number; readonly connections: number };
}

/** Counts what passes through one hub. */
export class HubMeter {
  readonly #all = new ClientTraffic();
  readonly #events = new Tally();
  readonly #outbound = new Tally();
  readonly #groups = new Map<string, Tally>();
  readonly #connections = new Map<string, ClientTraffic>();
  #forgotten = { groups: 0, connections: 0 };

  /** The counters of a connection, to be asked for once and kept. */
  connection(connectionId: string): ClientTraffic {
    return this.#entry(this.#connections, 'connections', connectionId, () => new ClientTraffic());
  }

  /**
   * A message of a group or of the server went to a client.
   * @param bytes of the WebSocket message, with what the subprotocol wraps around the data
   * @param group absent for messages of the server
   */
  message(bytes: number, group: string | undefined, connection: ClientTraffic): void {
    this.#all.messages.add(bytes);
    this.#outbound.add(bytes);
    connection.messages.add(bytes);
    if (group !== undefined) this.#group(group).add(bytes);
  }

  /** An ack, a pong or a system message went to a client. */
  protocol(bytes: number, connection: ClientTraffic): void {
    this.#all.protocol.add(bytes);
    connection.protocol.add(bytes);
  }

  /** A message came from a client. */
  received(bytes: number, connection: ClientTraffic): void {
    this.#all.received.add(bytes);
    connection.received.add(bytes);
  }

  /** An event went to an event handler. */
  event(bodyBytes: number): void {
    this.#events.add(bodyBytes);
    this.#outbound.add(bodyBytes);
  }

  /** Sets every count to 0; connections keep their counters. */
  reset(): void {
    this.#all.reset();
    this.#events.reset();
    this.#outbound.reset();
    this.#groups.clear();
    for (const traffic of this.#connections.values()) traffic.reset();
    this.#forgotten = { groups: 0, connections: 0 };
  }

  /** Groups and connections without traffic are left out. */
  report(): HubMeterReport {
    const connections = [...this.#connections].filter(([, traffic]) => !traffic.isEmpty);
    return {
      ...this.#all.report(),
      events: this.#events.report(),
      outbound: this.#outbound.report(),
      groups: Object.fromEntries([...this.#groups].map(([name, tally]) => [name, tally.report()])),
      connections: Object.fromEntries(connections.map(([id, traffic]) => [id, traffic.report()])),
      forgotten: this.#forgotten,
    };
  }

  #group(group: string): Tally {
    return this.#entry(this.#groups, 'groups', group, () => new Tally());
  }

  #entry<T>(known: Map<string, T>, what: 'groups' | 'connections', name: string, create: () => T): T {
    const found = known.get(name);
    if (found !== undefined) return found;
    this.#forgotten[what] += makeRoom(known, METERED_NAMES_MAX);
    const made = create();
    known.set(name, made);
    return made;
  }
}

/** Counts what a bill would count, for every hub, so that a test can tell what a call costs. */
export class Meter {
  readonly #hubs = new Map<string, HubMeter>();

  hub(name: string): HubMeter {
    const known = this.#hubs.get(name);
    if (known !== undefined) return known;
    const created = new HubMeter();
    this.#hubs.set(name, created);
    return created;
  }

  report(): { readonly hubs: Readonly<Record<string, HubMeterReport>> } {
    return { hubs: Object.fromEntries([...this.#hubs].map(([name, meter]) => [name, meter.report()])) };
  }

  reset(): void {
    for (const meter of this.#hubs.values()) meter.reset();
  }
}
