import { describe, expect, it } from 'vitest';
import { expectToHold } from '../support/expect-to-hold.ts';
import { loadSampleScenarios } from '../support/sample-scenarios.ts';
import { PATIENT_RELAY, startTestSystem } from '../support/system.ts';

/** Everything that is said in a scenario, at real time, and some waiting, on a machine that may be busy. */
const PLAY_LIMIT_MS = 180_000;

const { withFaults } = await loadSampleScenarios();

describe('the sample scenarios with faults', () => {
  it.each(withFaults)(
    'hold in a system of their own, with their seed: $file',
    async ({ scenario }) => {
      const { seed, routes = [] } = scenario;
      const own = await startTestSystem({
        routes,
        extraEnv: { ...PATIENT_RELAY, ...(seed !== undefined && { acs: { ACS_SEED: String(seed) } }) },
      });
      try {
        const { calls } = await expectToHold(own.system, scenario);
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
