/** Telephones that the application can call on the local system: 555-0100 to 555-0199, kept for fiction. */
import type { Step } from '../../phone/step.ts';
import type { RunningSystem } from './running-system.ts';
import { ScriptClient } from './script-client.ts';

interface CalledTelephone {
  /** A number, or the raw id of somebody with an app. */
  readonly number: string;
  /** What it does, for people. */
  readonly what: string;
  readonly takes: 'answers' | 'busy' | 'declines' | 'noAnswer';
  readonly steps: readonly Step[];
}

/** How long a telephone stays on a call. */
const STAYS_MS = 10 * 60_000;

const PRESSES = 60;

/** A key each second for a minute: whenever somebody asks for one, it comes. */
const pressing: readonly Step[] = Array.from({ length: PRESSES }, (): readonly Step[] => [
  { type: 'wait', ms: 1_000 },
  { type: 'press', keys: '1' },
]).flat();

export const CALLED_TELEPHONES: readonly CalledTelephone[] = [
  { number: '+14255550180', what: 'answers', takes: 'answers', steps: [] },
  {
    number: '+14255550181',
    what: 'answers, and presses 1 again and again',
    takes: 'answers',
    steps: pressing,
  },
  { number: '+14255550182', what: 'is busy', takes: 'busy', steps: [] },
  { number: '+14255550183', what: 'declines', takes: 'declines', steps: [] },
  { number: '+14255550184', what: 'rings, and nobody is there', takes: 'noAnswer', steps: [] },
  { number: '8:acs:acdc_0185', what: 'answers: somebody with an app', takes: 'answers', steps: [] },
];

export async function connectTelephones(system: RunningSystem): Promise<void> {
  const client = new ScriptClient(system);
  for (const { number, takes, steps } of CALLED_TELEPHONES)
    await client.enterCallee(number, takes, 0, steps, STAYS_MS);
}
