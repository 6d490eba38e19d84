import type { FaultRuleInput } from '../../../local/emulators/acs/faults/fault-plan.ts';
import { type Random, seededRandom } from '../../../local/emulators/common/random.ts';

/** Who is called: a number for each of the routes that the run gives to the system. */
export const NUMBERS = {
  streams: '+14255559001',
  silent: '+14255559002',
  rejects: '+14255559003',
} as const;

/** The routes of a run; `transcripts` is the address to which ACS sends what is said. */
export function chaosRoutes(transcripts: string): readonly object[] {
  const answered = { workers: [{ name: 'echo' }], transcription: { url: transcripts, locale: 'en-US' } };
  return [
    { name: 'streams', match: { to: NUMBERS.streams }, ...answered },
    { name: 'silent', match: { to: NUMBERS.silent }, startStreaming: false, ...answered },
    { name: 'rejects', match: { to: NUMBERS.rejects }, action: 'reject', rejectReason: 'busy' },
    { name: 'out-streams', match: { direction: 'outbound', to: '+14258*' }, ...answered },
    {
      name: 'out-silent',
      match: { direction: 'outbound', to: '+14259*' },
      startStreaming: false,
      ...answered,
    },
  ];
}

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
  'start transcription',
  'stop transcription',
  'recognize',
  'attach worker',
  'detach worker',
  'add guest',
  'remove guest',
  'transfer to guest',
] as const;

export type Action = (typeof ACTIONS)[number];

/** What follows on what where all goes well; each may be left out, and then what comes after it is refused. */
const STORIES: readonly (readonly Action[])[] = [
  ['start streaming', 'stop streaming'],
  ['stop streaming', 'start streaming'],
  ['start streaming', 'attach worker', 'detach worker'],
  ['attach worker', 'detach worker'],
  ['play', 'cancel play'],
  ['recognize', 'cancel play'],
  ['dtmf'],
  ['hold', 'unhold'],
  ['start recording', 'pause recording', 'resume recording', 'stop recording'],
  ['start recording', 'stop recording'],
  ['start transcription', 'stop transcription'],
  ['add guest', 'remove guest'],
  ['add guest', 'remove guest', 'add guest'],
  ['add guest', 'transfer to guest'],
  ['transfer to guest'],
];
const LEFT_OUT = 0.15;

export interface TimedAction {
  readonly afterMs: number;
  readonly action: Action;
}

/** Somebody at another telephone who can be added to the call, or be given it. */
export interface Guest {
  /** Its last four digits are those of the call's own telephone. */
  readonly number: string;
  readonly takes: Taking;
  readonly takesAfterMs: number;
}

/** What a telephone does that is called. */
export type Taking = 'answers' | 'busy' | 'declines' | 'unavailable';

/**
 * Who ends a call: the telephone at the other end, the HTTP API, both at the same moment, or nobody until everything is
 * over.
 */
export type Ending = 'telephone' | 'api' | 'both' | 'nobody';

interface Planned {
  readonly index: number;
  /** The telephone at the other end; its last four digits are those of no other call. */
  readonly number: string;
  readonly guest: Guest;
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
      readonly takes: Taking;
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

/**
 * Requests that fail before and after their work, and what is asked too often, before it; events that come twice, late
 * and out of order.
 */
const FAULTS: readonly FaultRuleInput[] = [
  { on: 'rest', fault: 'error', status: 503, when: 'before', probability: 0.06 },
  { on: 'rest', fault: 'error', status: 503, when: 'after', probability: 0.06 },
  { on: 'rest', fault: 'error', status: 429, when: 'before', retryAfterMs: 100, probability: 0.04 },
  { on: 'rest', fault: 'slow', delayMs: [50, 400], probability: 0.05 },
  { on: 'callback', fault: 'duplicate', probability: 0.25 },
  { on: 'callback', fault: 'delay', delayMs: [20, 600], probability: 0.2 },
  { on: 'callback', fault: 'reorder', withinMs: 400, probability: 0.2 },
  { on: 'eventGrid', fault: 'duplicate', probability: 0.3 },
  { on: 'eventGrid', fault: 'delay', delayMs: [20, 400], probability: 0.2 },
];

const TAKINGS: readonly Taking[] = [...Array<Taking>(4).fill('answers'), 'busy', 'declines', 'unavailable'];

function drawCall(index: number, random: Random): PlannedCall {
  const suffix = String(FIRST_SUFFIX + index);
  const streams = random.fraction() < 0.35;
  const stories = Array.from({ length: pick(random, [0, 0, 1, 1, 2, 2]) }, () => pick(random, STORIES));
  const actions = stories
    .flat()
    .filter(() => random.fraction() >= LEFT_OUT)
    .map((action) => ({ afterMs: whole(random, 0, 250), action }));
  const ending = pick<Ending>(random, [
    ...Array<Ending>(9).fill('telephone'),
    ...Array<Ending>(8).fill('api'),
    ...Array<Ending>(2).fill('both'),
    'nobody',
  ]);
  const guest = {
    number: `+1425666${suffix}`,
    takes: pick(random, TAKINGS),
    takesAfterMs: whole(random, 0, 200),
  };
  const common = { index, guest, actions, ending, endAfterMs: whole(random, 0, 400) };
  if (random.fraction() < 0.35) {
    return {
      ...common,
      direction: 'outbound',
      number: `+1425${streams ? 8 : 9}77${suffix}`,
      takes: pick(random, TAKINGS),
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
