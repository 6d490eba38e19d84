import type { FaultRuleInput } from '../../../local/acs/faults/fault-plan.ts';
import { type Random, seededRandom } from '../../../local/process/random.ts';

/** Who is called: a number for each of the routes that the run gives to the system. */
export const NUMBERS = {
  streams: '+14255559001',
  silent: '+14255559002',
  rejects: '+14255559003',
} as const;

export const CHAOS_ROUTES: readonly object[] = [
  { name: 'streams', match: { to: NUMBERS.streams }, workers: [{ name: 'echo' }] },
  { name: 'silent', match: { to: NUMBERS.silent }, startStreaming: false, workers: [{ name: 'echo' }] },
  { name: 'rejects', match: { to: NUMBERS.rejects }, action: 'reject', rejectReason: 'busy' },
  {
    name: 'out-streams',
    match: { direction: 'outbound', to: '+14258*' },
    workers: [{ name: 'echo' }],
  },
  {
    name: 'out-silent',
    match: { direction: 'outbound', to: '+14259*' },
    startStreaming: false,
    workers: [{ name: 'echo' }],
  },
];

export const ACTIONS = [
  'start streaming',
  'stop streaming',
  'play',
  'cancel play',
  'dtmf',
  'hold',
  'unhold',
  'start recording',
  'pause recording',
  'resume recording',
  'stop recording',
] as const;

export type Action = (typeof ACTIONS)[number];

export interface TimedAction {
  readonly afterMs: number;
  readonly action: Action;
}

/** Who ends a call: the telephone at the other end, the HTTP API, both at the same moment, or nobody until everything is over. */
export type Ending = 'telephone' | 'api' | 'both' | 'nobody';

interface Planned {
  readonly index: number;
  /** The telephone at the other end; its last four digits are those of no other call. */
  readonly number: string;
  readonly actions: readonly TimedAction[];
  readonly ending: Ending;
  /** From the last action, or from the first ring where the telephone does not wait for an answer. */
  readonly endAfterMs: number;
}

export type PlannedCall =
  | (Planned & {
      readonly direction: 'inbound';
      readonly to: string;
      readonly deliveries: number;
      /** The caller hangs up without waiting for an answer. */
      readonly abandons: boolean;
    })
  | (Planned & {
      readonly direction: 'outbound';
      readonly takes: 'answers' | 'busy' | 'declines' | 'unavailable';
      readonly takesAfterMs: number;
    });

export interface ChaosPlan {
  readonly seed: string;
  readonly calls: readonly PlannedCall[];
  /** The control app is killed so much after the call of this index has begun. */
  readonly kills: ReadonlyMap<number, number>;
  readonly faults: readonly FaultRuleInput[];
  /** Which writes to table storage come too late, as if somebody else had been quicker. */
  readonly conflicts: Random;
}

export const CONFLICT_PROBABILITY = 0.03;

const FIRST_SUFFIX = 1_000;

/** What happens in a run of so many calls, all drawn from the seed. */
export function drawChaos(seed: string, count: number, kills: number): ChaosPlan {
  const random = seededRandom(seed);
  return {
    seed,
    calls: Array.from({ length: count }, (_, index) => drawCall(index, random.branch(`call ${index}`))),
    kills: drawKills(count, kills, random.branch('kills')),
    faults: FAULTS,
    conflicts: random.branch('conflicts'),
  };
}

/** Requests that fail before and after their work; events that come twice, late and out of order. */
const FAULTS: readonly FaultRuleInput[] = [
  { on: 'rest', fault: 'error', status: 503, when: 'before', probability: 0.06 },
  { on: 'rest', fault: 'error', status: 503, when: 'after', probability: 0.06 },
  { on: 'rest', fault: 'error', status: 429, when: 'before', retryAfterMs: 100, probability: 0.04 },
  { on: 'rest', fault: 'error', status: 429, when: 'after', retryAfterMs: 100, probability: 0.04 },
  { on: 'rest', fault: 'slow', delayMs: [50, 400], probability: 0.05 },
  { on: 'callback', fault: 'duplicate', probability: 0.25 },
  { on: 'callback', fault: 'delay', delayMs: [20, 600], probability: 0.2 },
  { on: 'callback', fault: 'reorder', withinMs: 400, probability: 0.2 },
  { on: 'eventGrid', fault: 'duplicate', probability: 0.3 },
  { on: 'eventGrid', fault: 'delay', delayMs: [20, 400], probability: 0.2 },
];

function drawCall(index: number, random: Random): PlannedCall {
  const suffix = String(FIRST_SUFFIX + index);
  const streams = random.fraction() < 0.35;
  const actions = Array.from({ length: pick(random, [0, 0, 1, 1, 2, 3]) }, () => ({
    afterMs: whole(random, 0, 250),
    action: pick(random, ACTIONS),
  }));
  const ending = pick<Ending>(random, [
    ...Array<Ending>(9).fill('telephone'),
    ...Array<Ending>(8).fill('api'),
    ...Array<Ending>(2).fill('both'),
    'nobody',
  ]);
  const common = { index, actions, ending, endAfterMs: whole(random, 0, 400) };
  if (random.fraction() < 0.35) {
    return {
      ...common,
      direction: 'outbound',
      number: `+1425${streams ? 8 : 9}77${suffix}`,
      takes: pick(random, ['answers', 'answers', 'answers', 'answers', 'busy', 'declines', 'unavailable']),
      takesAfterMs: whole(random, 0, 300),
    };
  }
  const rejected = random.fraction() < 0.05;
  return {
    ...common,
    direction: 'inbound',
    number: `+1425777${suffix}`,
    to: rejected ? NUMBERS.rejects : streams ? NUMBERS.streams : NUMBERS.silent,
    deliveries: random.fraction() < 0.2 ? 2 : 1,
    abandons: random.fraction() < 0.08,
  };
}

/** Spread over the run, but not over its last calls: each kill is to hit something. */
function drawKills(count: number, kills: number, random: Random): Map<number, number> {
  const part = (count * 0.9) / kills;
  return new Map(
    Array.from({ length: kills }, (_, kill) => [
      Math.floor((kill + 0.2 + 0.8 * random.fraction()) * part),
      whole(random, 0, 300),
    ]),
  );
}

function whole(random: Random, least: number, most: number): number {
  return least + Math.floor(random.fraction() * (most - least + 1));
}

function pick<T>(random: Random, choices: readonly T[]): T {
  const chosen = choices[Math.floor(random.fraction() * choices.length)];
  if (chosen === undefined) throw new Error('there is nothing to choose from');
  return chosen;
}
