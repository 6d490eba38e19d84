import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Speech } from '../../local/phone/speech.ts';
import { loadScenario } from '../../local/run/scenario/load-scenario.ts';
import { expectToHold } from '../support/expect-to-hold.ts';
import { loadSampleScenarios } from '../support/sample-scenarios.ts';
import { PATIENT_RELAY, startTestSystem, type TestSystem } from '../support/system.ts';

/** Everything that is said in a scenario, at real time, and some waiting, on a machine that may be busy. */
const PLAY_LIMIT_MS = 180_000;

const { withFaults } = await loadSampleScenarios();
const seeds = new Set(withFaults.map(({ scenario }) => scenario.seed));
const deadStream = await loadScenario(
  fileURLToPath(new URL('dead-stream.yaml', import.meta.url)),
  new Speech(),
);

/** One after the other: the faults of a scenario befall the whole system, and end with the scenario. */
describe('scenarios with faults', () => {
  let test: TestSystem;
  beforeAll(async () => {
    const [seed] = seeds;
    test = await startTestSystem({
      routes: [...withFaults.map(({ scenario }) => scenario), deadStream].flatMap(
        ({ routes = [] }) => routes,
      ),
      extraEnv: { ...PATIENT_RELAY, ...(seed !== undefined && { acs: { ACS_SEED: String(seed) } }) },
    });
  });
  afterAll(() => test?.stop());

  it('have one seed, which the system has too', () => {
    expect([...seeds]).toEqual([expect.anything()]);
  });

  it.each(withFaults)(
    'hold: $file',
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
    'start the stream of a call again when its media socket dies without a word, and the worker goes on',
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
});
