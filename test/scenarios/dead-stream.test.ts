import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Speech } from '../../local/phone/speech.ts';
import { loadScenario } from '../../local/run/scenario/load-scenario.ts';
import { expectToHold } from '../support/expect-to-hold.ts';
import { PATIENT_RELAY, startTestSystem } from '../support/system.ts';

const FILE = fileURLToPath(new URL('dead-stream.yaml', import.meta.url));
/** Everything that is said, at real time, on a machine that may be busy. */
const PLAY_LIMIT_MS = 120_000;

it(
  'starts the stream of a call again when its media socket dies without a word, and the worker goes on',
  async () => {
    const scenario = await loadScenario(FILE, new Speech());
    const { seed, routes = [] } = scenario;
    const own = await startTestSystem({
      routes,
      extraEnv: { ...PATIENT_RELAY, acs: { ACS_SEED: String(seed) } },
    });
    try {
      await expectToHold(own.system, scenario);
      const { urls, keys } = own.system;
      const relay = await fetch(`${urls.relay}/calls`, {
        headers: { authorization: `Bearer ${keys.relayAdmin}` },
      });
      const { calls } = (await relay.json()) as { calls: readonly { endedReason?: string }[] };
      expect(calls.map(({ endedReason }) => endedReason)).toContain('no audio from ACS');
    } finally {
      await own.stop();
    }
  },
  PLAY_LIMIT_MS,
);
