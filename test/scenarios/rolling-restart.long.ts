/**
 * Two relays behind a load balancer are restarted one after the other, and one of them crashes, while calls are on
 * them; and the control app is killed.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DiaryLine } from '../fixtures/remembering-app/diary-line.ts';
import { Diaries, partsOf, storyOf } from '../support/diaries.ts';
import type { LoadBalancer } from '../support/load-balancer.ts';
import {
  type Move,
  movesSince,
  type RelayReplica,
  type ReplicaSystem,
  slowMoves,
  startReplicas,
} from '../support/relay-replicas.ts';
import { noise } from '../support/signals.ts';
import type { TestSystem } from '../support/system.ts';
import { until } from '../support/until.ts';

const NUMBER = '+14255550197';
const ECHO_ONLY = '+14255550196';
const CALLS = 3;
const SAMPLE_RATE_HZ = 16_000;
const LIMIT_MS = 90_000;
/** An echo always speaks, so that its calls are moved after a third of this. */
const DRAIN_DEADLINE_MS = 3_000;
/**
 * Stop, start, dialling, lanes and the first chunk take a fraction of a second; the machine may be busy. Who waits for
 * a sweep waits a minute.
 */
const GAP_LIMIT_MS = 15_000;
/** For calls that a test ends itself, however long that takes. */
const STAYS_MS = 600_000;

let system: ReplicaSystem;
let test: TestSystem;
let balancer: LoadBalancer;
let relays: readonly RelayReplica[] = [];
let placed: string[] = [];
let diaries: Diaries;

beforeAll(async () => {
  diaries = await Diaries.create();
  system = await startReplicas(
    2,
    {
      ...diaries.system,
      routes: [
        { name: 'alone', match: { to: ECHO_ONLY }, workers: [{ name: 'echo' }] },
        {
          name: 'both',
          match: { to: NUMBER },
          workers: [{ name: 'echo' }, { name: 'diary', speaks: false }],
        },
      ],
    },
    { DRAIN_DEADLINE_MS: String(DRAIN_DEADLINE_MS) },
  );
  ({ test, balancer, relays } = system);
});
afterAll(async () => {
  await system?.close();
  await diaries?.remove();
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
async function placeCalls(area: number, count = CALLS, to = NUMBER): Promise<string[]> {
  placed = await Promise.all(
    Array.from({ length: count }, (_, caller) =>
      test.telephone.place({
        from: `+1425555${area + caller}`,
        to,
        speech: { samples: noise(60 * SAMPLE_RATE_HZ, caller + 1), sampleRateHz: SAMPLE_RATE_HZ },
        tailMs: STAYS_MS,
        maxMs: STAYS_MS,
      }),
    ),
  );
  return placed;
}

/** Waits until every call is on this relay, after a move: a stream that no relay took is tried again after a pause. */
async function allOn(relay: RelayReplica): Promise<void> {
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

async function streamingIs(callId: string, state: string): Promise<void> {
  const isSo = async (): Promise<boolean> => (await test.control.call(callId))?.streaming.state === state;
  await until(isSo, `streaming ${state} in the control app`);
}

async function linesSoFar(): Promise<number> {
  return (await diaries.since(0).catch(() => [])).flat().length;
}

/**
 * The worker wrote the diary without losing its place, but where a move took too long for that, and was told the end
 * once.
 */
function expectWhole(diary: readonly DiaryLine[], moves: readonly Move[]): void {
  const parts = partsOf(diary);
  const slow = slowMoves(moves, diary[0]?.callId ?? '');
  const story = `${slow} slow moves, and the diary: ${storyOf(diary)}`;
  expect(parts.length, `parts; ${story}`).toBeLessThanOrEqual(1 + slow);
  for (const part of parts) {
    expect(part[0]?.page, `first page of a part; ${story}`).toBe(0);
    expect(part.filter(({ event }) => event === 'ended').length, `ends of a part; ${story}`).toBe(1);
  }
}

/** The worker was told each time that the call goes on. */
async function expectWholeDiaries(since: number, moves: readonly Move[]): Promise<void> {
  const found = await diaries.ended(CALLS, since);
  for (const lines of found) {
    expectWhole(lines, moves);
    expect(lines.filter(({ event }) => event === 'audio').length, 'audio was heard').toBeGreaterThan(0);
  }
  const starts = found.flat().filter(({ event }) => event === 'started');
  expect(starts.filter(({ resumed }) => resumed === false)).toHaveLength(CALLS);
  expect(starts.filter(({ resumed }) => resumed === true)).toHaveLength(moves.length);
}

/** The calls were silent for a short time only; they are ended, and their diaries are whole. */
async function endMoved(ids: readonly string[], moves: readonly Move[], since: number): Promise<void> {
  const gaps = moves.map(({ gapMs }) => gapMs);
  expect(Math.max(...gaps), `gaps of ${gaps.map(Math.round).join(', ')} ms`).toBeLessThan(GAP_LIMIT_MS);
  await hangUp(ids);
  await expectWholeDiaries(since, moves);
}

describe('two relays under live calls', () => {
  it('are restarted one after the other: every call moves, none ends, and the gap is short', async () => {
    const before = balancer.passages.length;
    const written = await linesSoFar();
    const ids = await placeCalls(1_000);
    await heardOn(ids, 0);
    let moved = 0;
    for (const relay of relays) {
      moved += await relay.liveCalls();
      await relay.restart();
      for (const other of relays) if (other !== relay) await allOn(other);
      // Who is moved on before anything was heard has no gap of its own.
      await until(
        () => movesSince(balancer, before).length === moved,
        'audio of every call that was moved',
        LIMIT_MS,
      );
    }
    await heardOn(ids, 1);
    const moves = movesSince(balancer, before);
    expect(moves, 'a gap for each move').toHaveLength(moved);
    await endMoved(ids, moves, written);
  });

  it('lose one to a crash: its calls go on with the other', async () => {
    const before = balancer.passages.length;
    const written = await linesSoFar();
    const ids = await placeCalls(2_000);
    await heardOn(ids, 0);
    const counts = await Promise.all(relays.map((relay) => relay.liveCalls()));
    const crashed = relays[counts.indexOf(Math.max(...counts))];
    await crashed?.kill();
    for (const relay of relays) {
      if (relay !== crashed) await allOn(relay);
    }
    await heardOn(ids, 0);
    await until(
      () => movesSince(balancer, before).length === Math.max(...counts),
      'audio of every call that was moved',
      LIMIT_MS,
    );
    const moves = movesSince(balancer, before);
    await endMoved(ids, moves, written);
    await crashed?.start();
  });

  it('carry a worker that was put on a call while it lasted, wherever the call goes, until it is taken off', async () => {
    const before = balancer.passages.length;
    const written = await linesSoFar();
    const [id = ''] = await placeCalls(3_000, 1, ECHO_ONLY);
    await heardOn([id], 0);
    const { callConnectionId = '' } = await test.telephone.call(id);
    const { callId } = await until(() => test.control.findLive(callConnectionId), 'the call in the list');
    await streamingIs(callId, 'active');
    const change = async (method: string, path: string, body?: object): Promise<void> => {
      const response = await test.control.request(method, `/calls/${callId}${path}`, body);
      expect(response.ok, `${method} ${path}: ${response.status} ${await response.text()}`).toBe(true);
    };
    const pages = async (): Promise<DiaryLine[]> => (await diaries.since(written).catch(() => [])).flat();
    await change('PUT', '/workers/diary', { listen: { mode: 'chunk', ms: 200 }, speaks: false });
    await until(async () => (await pages()).length > 3, 'the diary to hear the call');

    const counts = await Promise.all(relays.map((relay) => relay.liveCalls()));
    await relays[counts.indexOf(1)]?.restart();
    await until(async () => (await pages()).some(({ resumed }) => resumed === true), 'the call to go on');
    await change('POST', '/messages', { worker: 'diary', data: 'well done' });
    await until(async () => (await pages()).some(({ event }) => event === 'message'), 'the message');
    await change('DELETE', '/workers/diary');
    const all = await until(async () => {
      const lines = await pages();
      return lines.at(-1)?.event === 'ended' ? lines : undefined;
    }, 'the diary to be told of the end');
    expectWhole(all, movesSince(balancer, before));
    expect(all.filter(({ event }) => event === 'started').map(({ resumed }) => resumed)).toEqual([
      false,
      true,
    ]);
    await hangUp([id]);
  });
});

describe('the control app', () => {
  it('may be killed after the answer: the call is still listed, stopped and hung up by the next one', async () => {
    const { telephone, control, stack } = test;
    const [id = ''] = await placeCalls(4_000, 1, ECHO_ONLY);
    const call = await telephone.waitFor(
      id,
      'streaming',
      (seen) => seen.mediaSubscription?.state === 'active',
      LIMIT_MS,
    );
    const { callId } = await until(
      () => control.findLive(call.callConnectionId ?? ''),
      'the call in the list',
    );
    await streamingIs(callId, 'active');
    await stack.kill('control');
    await stack.restart('control');

    expect((await control.findLive(call.callConnectionId ?? ''))?.callId, 'listed').toBe(callId);
    expect((await control.request('POST', `/calls/${callId}/streaming/stop`)).status, 'stopped').toBe(202);
    await streamingIs(callId, 'inactive');
    expect((await control.request('POST', `/calls/${callId}/hang-up`)).status, 'hung up').toBe(202);
    const ended = await telephone.waitFor(id, 'the end', ({ state }) => state === 'disconnected', LIMIT_MS);
    expect(ended.outcome).toBe('hungUpByApplication');
  });
});
