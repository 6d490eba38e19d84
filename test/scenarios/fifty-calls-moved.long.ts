/**
 * Two relays are restarted one after the other under fifty live calls: how long each call is without audio, and that no
 * worker loses its place.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Diaries, partsOf, storyOf } from '../support/diaries.ts';
import {
  movesSince,
  type RelayReplica,
  type ReplicaSystem,
  slowMoves,
  startReplicas,
} from '../support/relay-replicas.ts';
import { noise } from '../support/signals.ts';
import { until } from '../support/until.ts';

const NUMBER = '+14255550197';
const CALLS = 50;
/** Calls are placed so many at a time, as the emulators and the apps share two cores with this test. */
const AT_ONCE = 10;
const RATE = 16_000;
const LIMIT_MS = 60_000;
/** Callers never stop talking and the echo always answers, so that calls are moved after a third of this. */
const DRAIN_DEADLINE_MS = 15_000;

let system: ReplicaSystem;
let diaries: Diaries;

beforeAll(async () => {
  diaries = await Diaries.create();
  system = await startReplicas(
    2,
    {
      ...diaries.system,
      routes: [
        {
          name: 'fifty',
          match: { to: NUMBER },
          workers: [
            { name: 'echo', listen: { mode: 'chunk', ms: 200 } },
            { name: 'diary', listen: { mode: 'chunk', ms: 1_000 }, speaks: false },
          ],
        },
      ],
    },
    { DRAIN_DEADLINE_MS: String(DRAIN_DEADLINE_MS), MAX_LOOP_DELAY_MS: '1000' },
  );
});
afterAll(async () => {
  await system?.close();
  await diaries?.remove();
});

async function place(): Promise<string[]> {
  const speech = { samples: noise(10 * RATE, 1), sampleRateHz: RATE };
  const ids: string[] = [];
  for (let first = 0; first < CALLS; first += AT_ONCE) {
    const placed = Array.from({ length: AT_ONCE }, (_, i) =>
      system.test.telephone.place({
        from: `+1425555${2_000 + first + i}`,
        to: NUMBER,
        speech,
        tailMs: 300_000,
        maxMs: 400_000,
      }),
    );
    ids.push(...(await Promise.all(placed)));
    await until(
      async () => (await liveCalls()) === ids.length,
      `${ids.length} calls on the relays`,
      LIMIT_MS,
    );
  }
  return ids;
}

async function liveCalls(): Promise<number> {
  const counts = await Promise.all(system.relays.map((relay) => relay.liveCalls().catch(() => 0)));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function allOn(relay: RelayReplica): Promise<void> {
  await until(async () => (await relay.liveCalls()) === CALLS, 'every call on the other relay', LIMIT_MS);
}

/** Waits until there is audio on the newest stream of every call. */
async function allHeard(): Promise<void> {
  await until(
    () => {
      const newest = [...Map.groupBy(system.balancer.passages, ({ path }) => path).values()];
      return newest.every((each) => each.at(-1)?.firstAudioAtMs !== undefined);
    },
    'audio on the newest stream of every call',
    LIMIT_MS,
  );
}

function distribution(values: readonly number[]): { readonly p50: number; readonly text: string } {
  const sorted = values.toSorted((a, b) => a - b);
  const [p50 = 0, p90 = 0, max = 0] = [0.5, 0.9, 1].map((share) =>
    Math.round(sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN),
  );
  return { p50, text: `p50 ${p50}, p90 ${p90}, longest ${max} ms` };
}

it('moves every call, each after a short gap, and no worker notices more than that', async () => {
  const { telephone } = system.test;
  const before = system.balancer.passages.length;
  const ids = await place();
  await allHeard();
  let moved = 0;
  for (const [at, relay] of system.relays.entries()) {
    const other = system.relays[1 - at];
    moved += await relay.liveCalls();
    const startedMs = performance.now();
    await relay.restart();
    if (other !== undefined) await allOn(other);
    await allHeard();
    process.stdout.write(
      `relay ${at + 1} restarted and empty in ${Math.round(performance.now() - startedMs)} ms\n`,
    );
  }
  const moves = movesSince(system.balancer, before);
  expect(moves, 'a gap for each move').toHaveLength(moved);
  const gaps = distribution(moves.map(({ gapMs }) => gapMs));
  const afterDial = distribution(moves.map(({ afterDialMs }) => afterDialMs));
  process.stdout.write(
    `${moved} moves of ${CALLS} calls: gap ${gaps.text}, of that after dialling ${afterDial.text}\n`,
  );
  for (const id of ids) expect((await telephone.call(id)).state, 'the call stays up').toBe('connected');
  await Promise.all(ids.map((id) => telephone.hangUp(id)));
  const written = await diaries.ended(CALLS, 0, LIMIT_MS);
  const lost = written.filter(
    (lines) => partsOf(lines).length > 1 + slowMoves(moves, lines[0]?.callId ?? ''),
  );
  expect(lost.map(storyOf), 'diaries of workers that lost their state').toEqual([]);
  expect(moved, 'calls that were moved').toBeGreaterThanOrEqual(CALLS);
  // On a machine that is busy with nothing else both are a fraction of it.
  expect(gaps.p50, 'the median gap').toBeLessThan(3_000);
});
