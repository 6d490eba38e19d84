/** The whole system with several relays behind a load balancer, each a process that can be restarted and killed. */
import { join } from 'node:path';
import { Child } from '../../local/run/stack/child.ts';
import { freePorts } from '../../local/run/stack/ports.ts';
import { addressOf, specOf } from '../../local/run/stack/specs.ts';
import { RELEASE_LIMIT_MS } from '../../relay/lane/lane-machine.ts';
import { type LoadBalancer, startLoadBalancer } from './load-balancer.ts';
import { ON_A_BUSY_MACHINE, startTestSystem, type TestSystem, type TestSystemOptions } from './system.ts';
import { until } from './until.ts';

const DRAIN_LIMIT_MS = 60_000;

/** One replica, which keeps its address when it is started again. */
export class RelayReplica {
  readonly url: string;
  readonly #adminToken: string;
  readonly #make: () => Child;
  #child: Child;

  constructor(url: string, adminToken: string, make: () => Child) {
    this.url = url;
    this.#adminToken = adminToken;
    this.#make = make;
    this.#child = make();
  }

  ready(): Promise<string> {
    return this.#child.ready();
  }

  async restart(): Promise<void> {
    await this.drained();
    await this.start();
  }

  /** Tells it to end, and waits until it has: its calls are moved before, however long that takes. */
  async drained(): Promise<void> {
    const { pid } = this.#child;
    if (pid !== undefined) process.kill(pid, 'SIGTERM');
    await until(() => this.#child.hasEnded, 'the relay to end', DRAIN_LIMIT_MS);
  }

  async start(): Promise<void> {
    this.#child = this.#make();
    await this.#child.ready();
  }

  stop(): Promise<void> {
    return this.#child.stop();
  }

  kill(): Promise<void> {
    return this.#child.kill();
  }

  async liveCalls(): Promise<number> {
    const headers = { authorization: `Bearer ${this.#adminToken}` };
    const metrics = await (await fetch(`${this.url}/metrics`, { headers })).text();
    return Number(/^trunkline_relay_calls_live (\d+)$/m.exec(metrics)?.[1]);
  }
}

export interface ReplicaSystem {
  readonly test: TestSystem;
  readonly balancer: LoadBalancer;
  readonly relays: readonly RelayReplica[];
  close(): Promise<void>;
}

/** Starts it. `relayEnv`: settings of each replica, on top of the address of the control app. */
export async function startReplicas(
  count: number,
  { extraEnv, ...options }: TestSystemOptions,
  relayEnv: Readonly<Record<string, string>>,
): Promise<ReplicaSystem> {
  const [ports, ...relayPorts] = await Promise.all([
    freePorts(),
    ...Array.from({ length: count }, () => freePorts()),
  ]);
  const balancer = await startLoadBalancer(relayPorts.map((each) => addressOf(each, 'relay')));
  const test = await startTestSystem({
    ...options,
    ports,
    extraEnv: {
      ...extraEnv,
      control: { ...extraEnv?.control, RELAY_URL: `ws://127.0.0.1:${balancer.port}` },
    },
  });
  const relays = relayPorts.map(({ relay }) => {
    const layout = {
      ports: { ...ports, relay },
      secrets: test.stack.secrets,
      controlApp: '',
      workerApp: '',
      relayModule: join(test.product, 'dist/relay/main.cjs'),
      extraEnv: {
        relay: {
          ...ON_A_BUSY_MACHINE,
          NODE_COMPILE_CACHE: join(test.product, 'compiled'),
          CONTROL_URL: addressOf(ports, 'control'),
          ...relayEnv,
        },
      },
    };
    const ignore = (): void => {};
    return new RelayReplica(
      addressOf(layout.ports, 'relay'),
      layout.secrets.relayAdminToken,
      () => new Child(specOf('relay', layout), ignore, ignore),
    );
  });
  await Promise.all(relays.map((relay) => relay.ready()));
  return {
    test,
    balancer,
    relays,
    async close() {
      await Promise.all(relays.map((relay) => relay.stop()));
      await test.stop();
      await balancer.close();
    },
  };
}

/** A call was moved from one relay to another, in milliseconds. */
export interface Move {
  readonly callId: string;
  /** From the last audio of the old relay to the first audio of the new one. */
  readonly gapMs: number;
  /** Of that, from the new media socket to the first audio: what is not stopping, starting and dialling. */
  readonly afterDialMs: number;
}

/** Each move since the passage of this number. */
export function movesSince({ passages }: LoadBalancer, since: number): Move[] {
  const byCall = Map.groupBy(passages.slice(since), ({ path }) => path);
  return [...byCall].flatMap(([path, each]) => {
    const heard = each.filter(({ firstAudioAtMs }) => firstAudioAtMs !== undefined);
    return heard.slice(1).map(({ firstAudioAtMs = 0, begunAtMs }, at) => ({
      callId: path.split('/').at(-1) ?? '',
      gapMs: firstAudioAtMs - (heard[at]?.lastAudioAtMs ?? 0),
      afterDialMs: firstAudioAtMs - begunAtMs,
    }));
  });
}

/**
 * How many of a call's moves took longer than a relay keeps the connections of its workers for the next one: in each of
 * these a worker may have been told of the end, and have begun anew.
 */
export function slowMoves(moves: readonly Move[], callId: string): number {
  return moves.filter((move) => move.callId === callId && move.gapMs > RELEASE_LIMIT_MS).length;
}
