import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Speech } from '../../local/phone/speech.ts';
import { loadScenario } from '../../local/scenario/load-scenario.ts';
import { playScenario } from '../../local/scenario/run-scenario.ts';
import { checksInWords, timelineInWords } from '../../local/scenario/words.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';

const SAMPLES = fileURLToPath(new URL('../../samples/scenarios/', import.meta.url));
const FILES = (await readdir(SAMPLES)).filter((file) => file.endsWith('.yaml')).sort();
const SPEECH = new Speech();

/** Everything that is said in a scenario, at real time, and some waiting. */
const PLAY_LIMIT_MS = 60_000;

let test: TestSystem;
beforeAll(async () => {
  const scenarios = await Promise.all(FILES.map((file) => loadScenario(SAMPLES + file, SPEECH)));
  // All samples are played on one system, which has the routes of all.
  test = await startTestSystem({ routes: scenarios.flatMap(({ routes }) => routes ?? []) });
});
afterAll(() => test?.stop());

describe.concurrent('the sample scenarios', () => {
  it('cover what the manual promises', () => {
    expect(FILES).toEqual(
      expect.arrayContaining([
        'caller-hangs-up-early.yaml',
        'caller-interrupts.yaml',
        'echo-hello.yaml',
        'keys.yaml',
        'no-answer.yaml',
        'two-callers.yaml',
      ]),
    );
  });

  it.each(FILES)(
    'hold in the whole system: %s',
    async (file) => {
      const played = await playScenario(test.system, await loadScenario(SAMPLES + file, SPEECH));
      expect(played.checks.length, 'expectations').toBeGreaterThan(0);
      expect(
        played.checks.filter(({ held }) => !held),
        `${timelineInWords(played)}\n${checksInWords(played)}`,
      ).toEqual([]);
    },
    PLAY_LIMIT_MS,
  );
});

describe('a scenario', () => {
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
