/** Two relays behind a load balancer are restarted one after the other, and one of them crashes, while calls are on them. */
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Child } from '../../local/stack/child.ts';
import { freePorts } from '../../local/stack/ports.ts';
import { address, specOf } from '../../local/stack/specs.ts';
import { type LoadBalancer, startLoadBalancer } from '../support/load-balancer.ts';
import { noise } from '../support/signals.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { until } from '../support/until.ts';

const CALLS = 3;
const SAMPLE_RATE_HZ = 16_000;
const LIMIT_MS = 30_000;
/** An echo always speaks, so that its calls are moved after a third of this. */
const DRAIN_DEADLINE_MS = 3_000;
/** Stop, start, dialling, lanes and the first chunk take a fraction of a second; the machine may be busy. */
const GAP_LIMIT_MS = 5_000;

let test: TestSystem;
let balancer: LoadBalancer;
let relays: Relay[] = [];
let placed: string[] = [];

/** One replica, which keeps its address when it is started again. */
class Relay {
  readonly url: string;
  readonly #make: () => Child;
  #child: Child;

  constructor(url: string, make: () => Child) {
    this.url = url;
    this.#make = make;
    this.#child = make();
  }

  ready(): Promise<string> {
    return this.#child.ready();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
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
    const metrics = await (await fetch(`${this.url}/metrics`)).text();
    return Number(/^trunkline_relay_calls_live (\d+)$/m.exec(metrics)?.[1]);
  }
}

beforeAll(async () => {
  const [ports, ...relayPorts] = await Promise.all([freePorts(), freePorts(), freePorts()]);
  balancer = await startLoadBalancer(relayPorts.map((each) => address(each, 'relay')));
  test = await startTestSystem({
    ports,
    extraEnv: { control: { RELAY_URL: `ws://127.0.0.1:${balancer.port}` } },
  });
  relays = relayPorts.map(({ relay }) => {
    const layout = {
      ports: { ...ports, relay },
      secrets: test.stack.secrets,
      controlApp: '',
      workerApp: '',
      relayModule: join(import.meta.dirname, '../../relay/main.ts'),
      extraEnv: {
        relay: { CONTROL_URL: address(ports, 'control'), DRAIN_DEADLINE_MS: String(DRAIN_DEADLINE_MS) },
      },
    };
    const ignore = (): void => {};
    return new Relay(
      address(layout.ports, 'relay'),
      () => new Child(specOf('relay', layout), ignore, ignore),
    );
  });
  await Promise.all(relays.map((relay) => relay.ready()));
});
afterAll(async () => {
  await Promise.all(relays.map((relay) => relay.stop()));
  await test?.stop();
  await balancer?.close();
});

/** A test that failed leaves calls behind, which the next one must not count as its own. */
afterEach(async () => {
  for (const id of placed) {
    if ((await test.telephone.call(id)).state !== 'disconnected') await test.telephone.hangUp(id);
  }
  placed = [];
  for (const relay of relays) {
    // One that is down has none.
    const live = (): Promise<number> => relay.liveCalls().catch(() => 0);
    await until(async () => (await live()) === 0, `no call left on ${relay.url}`, LIMIT_MS);
  }
});

/** Calls with a caller who never stops talking and an echo that always answers. */
async function placeCalls(area: number): Promise<string[]> {
  const to = test.system.directory.find(({ worker }) => worker === 'echo')?.number ?? '';
  placed = await Promise.all(
    Array.from({ length: CALLS }, (_, caller) =>
      test.telephone.place({
        from: `+1425555${area + caller}`,
        to,
        speech: { samples: noise(60 * SAMPLE_RATE_HZ, caller + 1), sampleRateHz: SAMPLE_RATE_HZ },
      }),
    ),
  );
  return placed;
}

/** Waits until every call is on this relay, after a move: a stream that no relay took is tried again after a pause. */
async function allOn(relay: Relay): Promise<void> {
  await until(async () => (await relay.liveCalls()) === CALLS, 'every call on the other relay', LIMIT_MS);
}

/** Waits until half a second was heard on the newest stream of each call, which must be at least this one, from 0. */
async function heardOn(ids: readonly string[], stream: number): Promise<void> {
  for (const id of ids) {
    await test.telephone.waitFor(
      id,
      `audio heard on stream ${stream + 1}`,
      ({ streams }) => (streams.slice(stream).at(-1)?.samplesPlayed ?? 0) > SAMPLE_RATE_HZ / 2,
      LIMIT_MS,
    );
  }
}

/** Hangs up, and says that each call lasted until then. */
async function hangUp(ids: readonly string[]): Promise<void> {
  const { telephone } = test;
  for (const id of ids) {
    expect((await telephone.call(id)).state, 'the call stays up').toBe('connected');
    await telephone.hangUp(id);
    const ended = await telephone.waitFor(id, 'the end', ({ state }) => state === 'disconnected', LIMIT_MS);
    expect(ended.outcome).toBe('hungUpByCaller');
  }
}

/** For each move since then: from the last audio of the old relay to the first audio of the new one. */
function gapsMs(since: number): number[] {
  const byCall = Map.groupBy(balancer.passages.slice(since), ({ path }) => path);
  return [...byCall.values()].flatMap((passages) => {
    const heard = passages.filter(({ firstAudioAtMs }) => firstAudioAtMs !== undefined);
    return heard
      .slice(1)
      .map(({ firstAudioAtMs }, at) => (firstAudioAtMs ?? 0) - (heard[at]?.lastAudioAtMs ?? 0));
  });
}

describe('two relays under live calls', () => {
  it('are restarted one after the other: every call moves, none ends, and the gap is short', async () => {
    const before = balancer.passages.length;
    const ids = await placeCalls(1_000);
    await heardOn(ids, 0);
    let moved = 0;
    for (const relay of relays) {
      moved += await relay.liveCalls();
      await relay.restart();
      for (const other of relays) if (other !== relay) await allOn(other);
    }
    await heardOn(ids, 1);
    const gaps = gapsMs(before);
    expect(gaps, 'a gap for each move').toHaveLength(moved);
    expect(Math.max(...gaps), `gaps of ${gaps.map(Math.round).join(', ')} ms`).toBeLessThan(GAP_LIMIT_MS);
    await hangUp(ids);
  }, 60_000);

  it('lose one to a crash: its calls go on with the other', async () => {
    const before = balancer.passages.length;
    const ids = await placeCalls(2_000);
    await heardOn(ids, 0);
    const counts = await Promise.all(relays.map((relay) => relay.liveCalls()));
    const crashed = relays[counts.indexOf(Math.max(...counts))];
    await crashed?.kill();
    for (const relay of relays) {
      if (relay !== crashed) await allOn(relay);
    }
    await heardOn(ids, 0);
    await until(() => gapsMs(before).length === Math.max(...counts), 'audio of every call that was moved');
    const gaps = gapsMs(before);
    expect(Math.max(...gaps), `gaps of ${gaps.map(Math.round).join(', ')} ms`).toBeLessThan(GAP_LIMIT_MS);
    await hangUp(ids);
    await crashed?.start();
  }, 60_000);
});
