import { describe, expect, it } from 'vitest';
import { Speech } from '../../local/phone/speech.ts';
import { loadScenario } from '../../local/run/scenario/load-scenario.ts';
import { playScenario } from '../../local/run/scenario/run-scenario.ts';
import { expectToHold } from '../support/expect-to-hold.ts';
import { loadSampleScenarios, SAMPLES } from '../support/sample-scenarios.ts';
import { sharedSystem } from '../support/shared-system.ts';

const { withoutFaults, withFaults } = await loadSampleScenarios();
const FILES = [...withoutFaults, ...withFaults].map(({ file }) => file);

const test = sharedSystem();

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
        'voice-menu.yaml',
      ]),
    );
  });

  it.each(withoutFaults)('hold in the whole system: $file', async ({ scenario }) => {
    await expectToHold(test.system, scenario);
  });
});

describe.concurrent('a scenario', () => {
  it('fails when something else is heard than was expected', async () => {
    const scenario = await loadScenario(`${SAMPLES}two-callers.yaml`, new Speech());
    const toRobot = scenario.participants
      .filter(({ name }) => name === 'bob')
      .map((caller) => ({ ...caller, calls: { worker: 'robot', format: '16k' } as const }));
    const { checks } = await playScenario(test.system, { ...scenario, participants: toRobot });
    expect(checks.filter(({ held }) => !held)).toMatchObject([
      { participant: 'bob', what: 'step 2, expect', detail: expect.stringContaining('20 dB are needed') },
    ]);
  });
});
