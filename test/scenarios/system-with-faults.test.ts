import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Speech } from '../../local/phone/speech.ts';
import { makeCall } from '../../local/run/client/make-call.ts';
import { compileReport } from '../../local/run/client/report.ts';
import { loadScenario } from '../../local/run/scenario/load-scenario.ts';
import { findNumber } from '../../local/run/stack/directory.ts';
import { expectToHold } from '../support/expect-to-hold.ts';
import { loadSampleScenarios } from '../support/sample-scenarios.ts';
import { speechLike } from '../support/signals.ts';
import { PATIENT_RELAY, startTestSystem, type TestSystem } from '../support/system.ts';
import { until } from '../support/until.ts';

/** Everything that is said in a scenario, at real time, and some waiting, on a machine that may be busy. */
const PLAY_LIMIT_MS = 180_000;

const { withFaults } = await loadSampleScenarios();
const seeds = new Set(withFaults.map(({ scenario }) => scenario.seed));
const deadStream = await loadScenario(
  fileURLToPath(new URL('dead-stream.yaml', import.meta.url)),
  new Speech(),
);

const CONTROL_TOKEN = 'a control token of the test';
const RATE = 16_000;

/** One after the other: what befalls one call befalls the whole system, and ends with the call. */
describe('a system with faults', () => {
  let test: TestSystem;
  beforeAll(async () => {
    const [seed] = seeds;
    test = await startTestSystem({
      routes: [...withFaults.map(({ scenario }) => scenario), deadStream].flatMap(
        ({ routes = [] }) => routes,
      ),
      extraEnv: {
        ...PATIENT_RELAY,
        webPubSub: { WEB_PUBSUB_CONTROL_TOKEN: CONTROL_TOKEN },
        ...(seed !== undefined && { acs: { ACS_SEED: String(seed) } }),
      },
    });
  });
  afterAll(() => test?.stop());

  it('has the one seed of all scenarios with faults', () => {
    expect([...seeds]).toEqual([expect.anything()]);
  });

  it.each(withFaults)(
    'holds what is expected of $file',
    async ({ scenario }) => {
      const faults = async (): Promise<Readonly<Record<string, number>>> => {
        const { urls, keys } = test.system;
        const headers = { authorization: `Bearer ${keys.acsControl}` };
        const answer = await fetch(`${urls.acs}/control/faults`, { headers });
        return ((await answer.json()) as { injected: Record<string, number> }).injected;
      };
      const before = await faults();
      const { calls } = await expectToHold(test.system, scenario);
      expect(calls.map(({ followed }) => followed.telephone.answers.accepted)).toEqual([1]);
      const after = await faults();
      const happened = Object.entries(after).map(([fault, times]) => [fault, times - (before[fault] ?? 0)]);
      expect(Object.fromEntries(happened), 'faults that have happened').toMatchObject({
        'eventGrid.duplicate': 1,
        'rest.error': 1,
        'callback.delay': expect.any(Number),
      });
    },
    PLAY_LIMIT_MS,
  );

  it(
    'starts the stream of a call again when its media socket dies without a word, and the worker goes on',
    async () => {
      await expectToHold(test.system, deadStream);
      const { urls, keys } = test.system;
      const relay = await fetch(`${urls.relay}/calls`, {
        headers: { authorization: `Bearer ${keys.relayAdmin}` },
      });
      const { calls } = (await relay.json()) as { calls: readonly { endedReason?: string }[] };
      expect(calls.map(({ endedReason }) => endedReason)).toContain('no audio from ACS');
    },
    PLAY_LIMIT_MS,
  );

  it('costs a call at most 500 ms when Web PubSub is renewed beneath its lane', async () => {
    const speech = { samples: speechLike(4 * RATE, RATE), sampleRateHz: RATE };
    const to = findNumber(test.system.directory, 'echo', 'pcm16KMono') ?? '';
    const calling = makeCall(test.system, { from: '+14255550199', to, speech, tailMs: 4_000 });
    await until(async () => {
      const call = (await test.telephone.calls()).find(({ state }) => state === 'connected');
      return (call?.streams[0]?.samplesPlayed ?? 0) > RATE;
    }, 'a second of the echo');
    const answer = await fetch(`${test.system.urls.webPubSub}/control/service-reload`, {
      method: 'POST',
      headers: { authorization: `Bearer ${CONTROL_TOKEN}` },
      body: '{"hub":"calls"}',
    });
    expect(await answer.json()).toEqual({ connections: 1 });
    const evidence = await calling;
    const report = compileReport(evidence);
    expect(report.outcome).toBe('completed');
    const [worker] = report.workers;
    expect(worker?.droppedMs).toBe(0);
    expect(worker?.lostMs, 'milliseconds that the worker missed').toBeLessThanOrEqual(500);
    expect(
      soundingMs(speech.samples) - soundingMs(evidence.heard.samples),
      'milliseconds that the caller did not hear back',
    ).toBeLessThanOrEqual(500);
  });
});

function soundingMs(samples: Int16Array): number {
  return samples.filter((sample) => sample !== 0).length / (RATE / 1_000);
}
