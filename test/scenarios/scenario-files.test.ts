import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Speech } from '../../local/phone/speech.ts';
import { loadScenario, type Scenario } from '../../local/run/scenario/load-scenario.ts';
import { type Played, playScenario } from '../../local/run/scenario/run-scenario.ts';
import { callsInWords, checksInWords } from '../../local/run/scenario/words.ts';
import { PATIENT_RELAY, startTestSystem, type TestSystem } from '../support/system.ts';

const SAMPLES = fileURLToPath(new URL('../../samples/scenarios/', import.meta.url));
const FILES = (await readdir(SAMPLES)).filter((file) => file.endsWith('.yaml')).sort();
const SPEECH = new Speech();

const LOADED = await Promise.all(
  FILES.map(async (file) => ({ file, scenario: await loadScenario(SAMPLES + file, SPEECH) })),
);
/** Those whose faults befall the whole system, and would befall other scenarios too. */
const WITH_FAULTS = LOADED.filter(({ scenario }) => scenario.faults !== undefined);
const WITHOUT_FAULTS = LOADED.filter(({ scenario }) => scenario.faults === undefined);

/** Everything that is said in a scenario, at real time, and some waiting, on a machine that may be busy. */
const PLAY_LIMIT_MS = 180_000;

let test: TestSystem;
beforeAll(async () => {
  // All samples without faults are played on one system, which has the routes of all.
  test = await startTestSystem({
    routes: WITHOUT_FAULTS.flatMap(({ scenario }) => scenario.routes ?? []),
    extraEnv: PATIENT_RELAY,
  });
});
afterAll(() => test?.stop());

async function holds(system: TestSystem, scenario: Scenario): Promise<Played> {
  const played = await playScenario(system.system, scenario);
  expect(played.checks.length, 'expectations').toBeGreaterThan(0);
  expect(
    played.checks.filter(({ held }) => !held),
    `${callsInWords(played)}\n${checksInWords(played)}`,
  ).toEqual([]);
  return played;
}

describe.concurrent('the sample scenarios', () => {
  it('cover what the manual promises', () => {
    expect(FILES).toEqual(
      expect.arrayContaining([
        'caller-hangs-up-early.yaml',
        'caller-interrupts.yaml',
        'echo-hello.yaml',
        'keys.yaml',
        'no-answer.yaml',
        'rough-network.yaml',
        'two-callers.yaml',
      ]),
    );
  });

  it.each(WITHOUT_FAULTS)(
    'hold in the whole system: $file',
    async ({ scenario }) => {
      await holds(test, scenario);
    },
    PLAY_LIMIT_MS,
  );
});

describe.concurrent('a scenario', () => {
  it('fails when something else is heard than was expected', async () => {
    const scenario = await loadScenario(`${SAMPLES}two-callers.yaml`, SPEECH);
    const toRobot = scenario.participants
      .filter(({ name }) => name === 'bob')
      .map((caller) => ({ ...caller, calls: { worker: 'robot', format: '16k' } as const }));
    const { checks } = await playScenario(test.system, { ...scenario, participants: toRobot });
    expect(checks.filter(({ held }) => !held)).toMatchObject([
      { participant: 'bob', what: 'step 2, expect', detail: expect.stringContaining('20 dB are needed') },
    ]);
  });
});

describe('the sample scenarios with faults', () => {
  it.each(WITH_FAULTS)(
    'hold in a system of their own, with their seed: $file',
    async ({ scenario }) => {
      const { seed, routes = [] } = scenario;
      const own = await startTestSystem({
        routes,
        extraEnv: { ...PATIENT_RELAY, ...(seed !== undefined && { acs: { ACS_SEED: String(seed) } }) },
      });
      try {
        const { calls } = await holds(own, scenario);
        expect(calls.map(({ followed }) => followed.telephone.answers.accepted)).toEqual([1]);
        const { urls, keys } = own.system;
        const headers = { authorization: `Bearer ${keys.acsControl}` };
        const faults = await fetch(`${urls.acs}/control/faults`, { headers });
        expect(await faults.json(), 'faults that have happened').toMatchObject({
          injected: { 'eventGrid.duplicate': 1, 'rest.error': 1, 'callback.delay': expect.any(Number) },
        });
      } finally {
        await own.stop();
      }
    },
    PLAY_LIMIT_MS,
  );
});
